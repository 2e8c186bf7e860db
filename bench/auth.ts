/**
 * Registrations and look-ups a second of the auth service, and of another one beside it: Storj's, or an older Postern.
 * Run: node dist/bench/auth.js [--database postgres://…] [--peer http://host:port --peer-token TOKEN]
 *        [--satellite ID@HOST:PORT] [--rounds 5] [--seconds 4] [--connections 32] [--processes N]
 * --processes is that of `postern auth`, which by itself has as many as there are processors where it is on PostgreSQL.
 * Both services must allow the satellite, which need not be there. Without --database ours is on SQLite. The services take
 * turns, and what is printed are medians of the rounds.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { argv, execPath } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { newApiKey } from "../core/access/api-key.js";
import { newGrant, parseGrant, serializeGrant } from "../core/access/grant.js";
import { shareGrant } from "../core/access/share.js";

const { values: flags } = parseArgs({
  args: argv.slice(2),
  options: {
    database: { type: "string" },
    peer: { type: "string" },
    "peer-token": { type: "string", default: "" },
    satellite: { type: "string", default: "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S@127.0.0.1:7777" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "4" },
    connections: { type: "string", default: "32" },
    processes: { type: "string" },
  },
});
const token = "bench-token";
/** Requests before anything is measured, and how long they may take. */
const warmUp = 15_000;
const longestWarmUpMs = 60_000;

interface Keys {
  readonly id: string;
  readonly secret: string;
}

interface Service {
  readonly name: string;
  readonly url: URL;
  readonly token: string;
  readonly keys: Keys[];
  readonly results: Record<"register" | "look up", Result[]>;
}

interface Result {
  /** Requests a second. */
  readonly rate: number;
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
}

/** One request at a time on one connection, with as little work as possible: both sides share the machine. */
function httpConnection(url: URL) {
  const socket: Socket = connect(Number(url.port), url.hostname);
  socket.setNoDelay(true);
  let buffered = "";
  let answer: ((body: string) => void) | undefined;
  let fail: (error: Error) => void = () => {};
  socket.on("data", (chunk: Buffer) => {
    buffered += chunk.toString("latin1");
    const end = buffered.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = Number(/^content-length: *(\d+)/im.exec(buffered)?.[1] ?? Number.NaN);
    if (Number.isNaN(length)) return fail(new Error(`no content length: ${buffered}`));
    if (buffered.length < end + 4 + length) return;
    const status = buffered.slice(9, 12);
    const body = buffered.slice(end + 4, end + 4 + length);
    buffered = "";
    if (status === "200") answer?.(body);
    else fail(new Error(`status ${status}: ${body}`));
  });
  socket.on("error", (error) => fail(error));
  socket.on("close", () => fail(new Error("the connection ended")));
  return {
    request(text: string): Promise<string> {
      return new Promise((resolve, reject) => {
        answer = resolve;
        fail = reject;
        socket.write(text, "latin1");
      });
    },
    close: () => socket.destroy(),
  };
}

/** Requests of all connections until the time is over. */
async function measure(
  url: URL,
  next: () => { text: string; check: (body: string) => void },
  requests = Number.POSITIVE_INFINITY,
): Promise<Result> {
  const connections = Array.from({ length: Number(flags.connections) }, () => httpConnection(url));
  const times: number[] = [];
  const began = performance.now();
  const end = began + (Number.isFinite(requests) ? longestWarmUpMs : Number(flags.seconds) * 1_000);
  await Promise.all(
    connections.map(async (connection) => {
      for (let at = performance.now(); at < end && times.length < requests; ) {
        const { text, check } = next();
        check(await connection.request(text));
        const now = performance.now();
        times.push(now - at);
        at = now;
      }
    }),
  );
  const took = performance.now() - began;
  for (const connection of connections) connection.close();
  times.sort((a, b) => a - b);
  const quantile = (q: number) => times[Math.floor(times.length * q)]!;
  return { rate: (times.length / took) * 1_000, median: quantile(0.5), p99: quantile(0.99) };
}

/** Grants as clients register them: of some API keys, half of them limited to a prefix. */
function grantsOf(satelliteAddress: string): string[] {
  return Array.from({ length: 100 }, (_, i) => {
    const whole = newGrant({ satelliteAddress, apiKey: newApiKey(randomBytes(32)), rootKey: randomBytes(32) });
    if (i % 2 === 0) return serializeGrant(whole);
    const prefixes = [{ bucket: "photos", prefix: "2026/" }];
    return serializeGrant(
      shareGrant(parseGrant(serializeGrant(whole)), { allowDownload: true, allowList: true }, prefixes),
    );
  });
}

const grants = grantsOf(flags.satellite);

async function register(service: Service, requests?: number): Promise<void> {
  let i = 0;
  const texts = grants.map((grant) => {
    const body = JSON.stringify({ access_grant: grant, public: false });
    const head = `POST /v1/access HTTP/1.1\r\nHost: auth\r\nContent-Type: application/json\r\n`;
    return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
  });
  const check = (body: string): void => {
    const { access_key_id: id, secret_key: secret } = JSON.parse(body);
    service.keys.push({ id, secret });
  };
  service.results.register.push(
    await measure(service.url, () => ({ text: texts[i++ % texts.length]!, check }), requests),
  );
}

async function lookUp(service: Service, requests?: number): Promise<void> {
  const { url, keys } = service;
  const next = () => {
    const { id, secret } = keys[Math.floor(Math.random() * keys.length)]!;
    const head = `GET /v1/access/${id} HTTP/1.1\r\nHost: auth\r\nAuthorization: Bearer ${service.token}\r\n\r\n`;
    const check = (body: string): void => {
      if (!body.includes(secret)) throw new Error("another secret");
    };
    return { text: head, check };
  };
  service.results["look up"].push(await measure(url, next, requests));
}

function service(name: string, url: string, itsToken: string): Service {
  return { name, url: new URL(url), token: itsToken, keys: [], results: { register: [], "look up": [] } };
}

function median(results: readonly Result[], of: (result: Result) => number): number {
  return results.map(of).sort((a, b) => a - b)[Math.floor(results.length / 2)]!;
}

const entry = fileURLToPath(new URL("../bin/postern.js", import.meta.url));

/** Ours; resolves with its URL when it is ready. */
async function startOurs(dir: string): Promise<{ url: string; stop(): Promise<void> }> {
  const child = spawn(
    execPath,
    [
      ...[entry, "auth", "--ephemeral", "--data-dir", dir, "--satellite", flags.satellite, "--auth-token", token],
      ...["--endpoint", "http://127.0.0.1:9000", "--requests-per-minute", "0"],
      ...(flags.database === undefined ? [] : ["--auth-database", flags.database]),
      ...(flags.processes === undefined ? [] : ["--processes", flags.processes]),
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => {
    said += chunk;
  });
  while (!/http +http:\/\/\S+\n/.test(said)) {
    if (child.exitCode !== null) throw new Error("postern auth did not start");
    await once(child.stdout, "data");
  }
  return {
    url: /http:\/\/\S+/.exec(said)![0],
    async stop() {
      child.kill("SIGINT");
      await once(child, "exit");
    },
  };
}

const dir = await mkdtemp(join(tmpdir(), "postern-bench-"));
const ours = await startOurs(dir);
try {
  const services = [service("Postern", ours.url, token)];
  if (flags.peer !== undefined) services.push(service("the other", flags.peer, flags["peer-token"]));
  // Until code is compiled and statements are prepared.
  for (const each of services) {
    await register(each, warmUp);
    await lookUp(each, warmUp);
    each.results.register.length = each.results["look up"].length = 0;
  }
  for (let round = 0; round < Number(flags.rounds); round++) {
    for (const each of round % 2 === 0 ? services : [...services].reverse()) {
      await register(each);
      await lookUp(each);
    }
  }
  for (const { name, keys, results } of services) {
    for (const [what, of] of Object.entries(results)) {
      const figures = [median(of, (r) => r.rate).toFixed(0), median(of, (r) => r.median), median(of, (r) => r.p99)];
      const [rate, half, p99] = figures.map((figure) => (typeof figure === "number" ? figure.toFixed(1) : figure));
      const rounds = of.map((r) => r.rate.toFixed(0)).join(" ");
      console.log(
        `${name.padEnd(10)} ${what.padEnd(9)} ${rate} a second, median ${half} ms, p99 ${p99} ms (${rounds})`,
      );
    }
    console.log(`${name.padEnd(10)} ${keys.length} keys`);
  }
} finally {
  await ours.stop();
  await rm(dir, { recursive: true });
}
