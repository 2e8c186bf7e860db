import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { connect } from "node:tls";
import test, { type ExecutionContext } from "ava";
import { accessKeyIdText, newAccessKey } from "../../core/auth/access-key.js";
import { createGrpcTransport, createPlainDrpcTransport } from "../../core/rpc/index.js";
import { parseAddress } from "../../core/rpc/tcp.js";
import type { Connection } from "../../core/rpc/transport.js";
import { EdgeAuthDefinition } from "../../proto/gen/edgeauth.js";
import { authDeps } from "../helpers/auth-deps.js";
import {
  type AuthProcesses,
  isRunning,
  oneConnection,
  satellite,
  startAuthProcesses,
} from "../helpers/auth-processes.js";
import { posternEntry } from "../helpers/postern-command.js";
import { ownPostgres, postgresMissing, postgresSchema } from "../helpers/postgres.js";
import { whyNoServer } from "../helpers/postgres-server.js";
import { runProgram } from "../helpers/run-program.js";
import { tempDir } from "../helpers/temp-dir.js";
import { until } from "../helpers/until.js";
import { webCertificate } from "../helpers/web-certificate.js";

const missing = await postgresMissing();
// One after the other: each has three processes and much to wait for.
const onPostgres = missing === undefined ? test.serial : test.serial.skip;
const { grant, otherGrant } = authDeps();

interface Issued {
  readonly access_key_id: string;
  readonly secret_key: string;
}

async function lookUp(t: ExecutionContext, auth: AuthProcesses, keys: Issued, client = oneConnection(t, auth.url)) {
  const reply = await client.get(`/v1/access/${keys.access_key_id}`, auth.token);
  return reply.status === 200 && (JSON.parse(reply.text) as Issued).secret_key === keys.secret_key;
}

async function counted(auth: AuthProcesses, labels: string): Promise<number> {
  const text = await (await fetch(`${auth.metrics}/metrics`, { headers: { Connection: "close" } })).text();
  const line = text.split("\n").find((each) => each.startsWith(`postern_auth_${labels} `));
  return Number(line?.split(" ").at(-1) ?? 0);
}

const registered = 'requests_total{operation="register",protocol="http",result="ok"}';

onPostgres("two processes serve every protocol, and one that is killed is there again", async (t) => {
  t.timeout(240_000);
  const auth = await startAuthProcesses(t, ["--requests-per-minute", "0"]);
  const first = await auth.workers();
  t.is(first.length, 2);

  const clients = [0, 1, 2, 3].map(() => oneConnection(t, auth.url));
  const keys: Issued[] = [];
  for (const client of clients) keys.push(JSON.parse((await client.post(grant)).text) as Issued);
  const connections: Connection[] = [];
  for (const [transport, address] of [
    [createGrpcTransport(), auth.grpc],
    [createGrpcTransport(), auth.grpc],
    [createPlainDrpcTransport(), auth.drpc],
    [createPlainDrpcTransport(), auth.drpc],
  ] as const) {
    const connection = await transport.dial({ address });
    t.teardown(() => connection.close());
    connections.push(connection);
  }
  const register = async (connection: Connection) => {
    const method = EdgeAuthDefinition.methods.registerAccess;
    const reply = await connection.unary(EdgeAuthDefinition, method, { accessGrant: grant, public: false });
    keys.push({ access_key_id: reply.accessKeyId, secret_key: reply.secretKey });
  };
  for (const connection of connections) await register(connection);
  t.is(keys.length, 8);
  for (const client of clients) for (const each of keys) t.true(await lookUp(t, auth, each, client));
  t.is(await counted(auth, registered), 4, "the sum of both");
  for (const path of ["startup", "live"]) {
    for (const client of clients) t.is((await client.get(`/v1/health/${path}`, "")).status, 200);
  }

  // Nobody else can read what they were told.
  for (const pid of first) {
    for (const file of ["cmdline", "environ"]) {
      const text = await readFile(`/proc/${pid}/${file}`, "latin1");
      for (const secret of [auth.database, auth.token, "POSTERN_"])
        t.false(text.includes(secret), `${file}: ${secret}`);
    }
  }

  // Connections went to both in turn, so half of them end.
  await auth.kill(first[0]!, async () => {
    await until(() => clients.filter(({ isOpen }) => isOpen).length === 2);
    const calls = await Promise.allSettled(connections.map(register));
    for (const two of [calls.slice(0, 2), calls.slice(2)]) {
      t.deepEqual(two.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
    }
    for (const client of clients) t.true(await lookUp(t, auth, keys[0]!, client));
  });
  const second = await auth.workers();
  t.is(second.length, 2);
  t.false(second.includes(first[0]!));
  t.regex(auth.output.text, /process [12] of the auth service ended \(SIGKILL\) and is started again/);
  t.is(await counted(auth, registered), 4, "what the killed one counted stays");
  // The other one goes, so only the new one is there.
  await auth.kill(first[1]!, async () => {
    for (const each of keys) t.true(await lookUp(t, auth, each));
    t.true(await lookUp(t, auth, JSON.parse((await oneConnection(t, auth.url).post(grant)).text) as Issued));
  });

  const pids = await auth.workers();
  t.is(pids.length, 2);
  process.kill(auth.pid, "SIGTERM");
  t.is(await auth.ended, 0);
  t.false(pids.some(isRunning));
  for (const secret of [grant, auth.token, auth.database, ...keys.flatMap((each) => Object.values(each))]) {
    t.false(auth.output.text.includes(secret));
  }
});

onPostgres("under load only what is under way in a process that is killed fails", async (t) => {
  t.timeout(240_000);
  const auth = await startAuthProcesses(t, ["--requests-per-minute", "0"]);
  const keys: Issued[] = [];
  const failed = [0, 0, 0, 0, 0, 0, 0, 0];
  let stopped = false;
  const clients = failed.map(async (_, i) => {
    const client = oneConnection(t, auth.url);
    while (!stopped) {
      try {
        const reply = await client.post(grant);
        if (reply.status !== 200) throw new Error(reply.text);
        keys.push(JSON.parse(reply.text) as Issued);
      } catch {
        failed[i]!++;
      }
    }
  });
  const goOn = (count: number) => {
    const goal = keys.length + count;
    return until(() => keys.length >= goal);
  };
  await goOn(100);
  t.deepEqual(new Set(failed), new Set([0]));
  for (let i = 0; i < 2; i++) {
    const [pid] = await auth.workers();
    await auth.kill(pid!, () => goOn(100));
    await goOn(100);
  }
  stopped = true;
  await Promise.all(clients);
  t.true(failed.some((times) => times > 0));
  t.true(
    failed.every((times) => times <= 2),
    `each had one request under way when one was killed: ${failed}`,
  );
  const client = oneConnection(t, auth.url);
  for (const each of keys.slice(-200)) t.true(await lookUp(t, auth, each, client));
  t.log(`registered: ${keys.length}, failed: ${failed}`);
});

onPostgres("a connection on its way to a process that ends is given to another", async (t) => {
  t.timeout(120_000);
  const auth = await startAuthProcesses(t);
  const [pid] = await auth.workers();
  process.kill(pid!, "SIGSTOP");
  const clients = [0, 1, 2].map(() => oneConnection(t, auth.url).get("/v1/health/startup", ""));
  // One of them waits for the process that does not move, the others do not.
  let answered = 0;
  for (const reply of clients) void reply.then(() => answered++);
  await until(() => answered >= 2);
  t.is(answered, 2);
  // Who asks what was counted does not wait for it for ever.
  t.is(await counted(auth, registered), 0);
  await auth.kill(pid!, async () => {
    for (const reply of await Promise.all(clients)) t.is(reply.status, 200);
  });
});

onPostgres("no process outlives the first one, and Ctrl-C ends all in order", async (t) => {
  t.timeout(120_000);
  const killed = await startAuthProcesses(t);
  const orphans = await killed.workers();
  process.kill(killed.pid, "SIGKILL");
  await until(() => !orphans.some(isRunning));
  await t.throwsAsync(oneConnection(t, killed.url).get("/v1/health/startup", ""), { code: "ECONNREFUSED" });

  const auth = await startAuthProcesses(t);
  const pids = await auth.workers();
  const client = oneConnection(t, auth.url);
  t.is((await client.get("/v1/health/live", "")).status, 200);
  // A terminal tells the whole group.
  process.kill(-auth.pid, "SIGINT");
  t.is(await auth.ended, 0);
  t.false(pids.some(isRunning));
  t.notRegex(auth.output.text, /did not stop|ended/);
});

onPostgres("when all end at once they are there again, but not at free ports, which are gone", async (t) => {
  t.timeout(240_000);
  const auth = await startAuthProcesses(t);
  for (const pid of await auth.workers()) process.kill(pid, "SIGKILL");
  t.is(await auth.ended, 1);
  t.regex(auth.output.text, /^postern: all processes ended at once; the ports are others now$/m);

  const ports = await freePorts(3);
  const flags = ["--auth-port", "--auth-grpc-port", "--auth-drpc-port"].flatMap((flag, i) => [flag, `${ports[i]}`]);
  const again = await startAuthProcesses(t, flags);
  const keys = JSON.parse((await oneConnection(t, again.url).post(grant)).text) as Issued;
  for (const pid of await again.workers()) process.kill(pid, "SIGKILL");
  await until(() => again.output.text.split("runs again").length === 3);
  t.true(await lookUp(t, again, keys));
});

onPostgres("limits hold in all processes together, also for one that begins", async (t) => {
  t.timeout(240_000);
  const begun = performance.now();
  const auth = await startAuthProcesses(t, ["--requests-per-minute", "6"]);
  const clients = [0, 1, 2, 3].map(() => oneConnection(t, auth.url));
  const post = async (): Promise<number> => {
    const replies = await Promise.all(clients.map((client) => client.post(grant)));
    t.true(replies.every(({ status }) => status === 200 || status === 429));
    t.true(replies.every(({ status, retryAfter }) => (status === 429) === retryAfter > 0));
    return replies.filter(({ status }) => status === 200).length;
  };
  /** A token comes back every ten seconds. */
  const cameBack = () => Math.ceil((performance.now() - begun) / 10_000);
  let passed = 0;
  for (let i = 0; i < 20; i++) passed += await post();
  t.true(passed >= 6 && passed <= 12 + cameBack(), `${passed}`);
  t.log(`passed of 6: ${passed}`);
  t.is(await counted(auth, 'limited_total{protocol="http"}'), 80 - passed);
  const [pid] = await auth.workers();
  await auth.kill(pid!);
  const since = performance.now();
  const after = await post();
  t.true(after <= cameBack(), `${after} since ${since - begun} ms`);
});

onPostgres("projects have one limit in all processes, of which they hear from each other", async (t) => {
  t.timeout(120_000);
  const auth = await startAuthProcesses(t, ["--project-per-minute", "60", "--requests-per-minute", "0"]);
  const clients = [0, 1].map(() => oneConnection(t, auth.url));
  const begun = performance.now();
  let passed = 0;
  for (let i = 0; i < 80; i++) {
    for (const client of clients) if ((await client.post(grant)).status === 200) passed++;
  }
  // Each alone would let 60 pass, and as many more as seconds.
  const seconds = Math.floor((performance.now() - begun) / 1_000);
  t.true(passed >= 60 && passed <= 110 + seconds, `${passed} in ${seconds} s`);
  t.log(`passed of 60: ${passed} in ${seconds} s`);
  for (const client of clients) t.is((await client.post(otherGrant)).status, 200);
});

onPostgres("new certificates reach all processes", async (t) => {
  t.timeout(120_000);
  const dir = await tempDir();
  t.teardown(dir.remove);
  const [certFile, keyFile] = [join(dir.path, "cert.pem"), join(dir.path, "key.pem")];
  const write = async () => {
    const { cert, key } = webCertificate();
    await writeFile(keyFile, key);
    await writeFile(certFile, cert);
  };
  await write();
  const auth = await startAuthProcesses(t, ["--tls-cert", certFile, "--tls-key", keyFile]);
  const shown = async (): Promise<string> => {
    const socket = connect({ ...parseAddress(auth.url.replace("https://", "")), rejectUnauthorized: false });
    await once(socket, "secureConnect");
    const { fingerprint256 } = socket.getPeerX509Certificate()!;
    socket.destroy();
    return fingerprint256;
  };
  const old = await shown();
  t.is(await shown(), old);
  await write();
  process.kill(auth.pid, "SIGHUP");
  await until(async () => (await shown()) !== old && (await shown()) !== old);
  t.is(await shown(), await shown());
});

const ownServer = whyNoServer() === undefined ? test.serial : test.serial.skip;

ownServer("what one process has read the others can tell while the database is away", async (t) => {
  t.timeout(120_000);
  const server = await ownPostgres(t);
  const auth = await startAuthProcesses(t, [], server.url);
  const clients = [0, 1, 2, 3].map(() => oneConnection(t, auth.url));
  // Whoever has a connection to it may have read a key.
  const keys: Issued[] = [];
  for (const client of clients) keys.push(JSON.parse((await client.post(grant)).text) as Issued);
  for (const [i, client] of clients.entries()) t.true(await lookUp(t, auth, keys[i]!, client));
  await server.stop("immediate");
  for (const client of clients) for (const each of keys) t.true(await lookUp(t, auth, each, client));
  const unknown = await clients[0]!.get(`/v1/access/${accessKeyIdText(newAccessKey())}`, auth.token);
  t.is(unknown.status, 500);
  await server.start();
  for (const client of clients) t.is((await client.post(grant)).status, 200);
});

test.serial("two processes on SQLite have the same records", async (t) => {
  t.timeout(120_000);
  const auth = await startAuthProcesses(t, ["--requests-per-minute", "0"], "");
  const clients = [0, 1, 2, 3].map(() => oneConnection(t, auth.url));
  const keys: Issued[] = [];
  await Promise.all(
    clients.map(async (client) => {
      for (let i = 0; i < 25; i++) keys.push(JSON.parse((await client.post(grant)).text) as Issued);
    }),
  );
  t.is(keys.length, 100);
  for (const [i, each] of keys.entries()) t.true(await lookUp(t, auth, each, clients[i % 4]!));
});

/** Ports that nobody had a moment ago. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => once(server.close(), "close")));
  return ports;
}

async function refused(t: ExecutionContext, args: readonly string[], database: string): Promise<string> {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const common = ["auth", "--ephemeral", "--data-dir", dir.path, "--satellite", satellite, "--endpoint", "http://x"];
  const { code, stdout, stderr } = await runProgram(process.execPath, [posternEntry, ...common, ...args], {
    env: { POSTERN_AUTH_DATABASE: database },
  });
  t.deepEqual([code, stdout], [1, ""], stderr);
  return stderr;
}

onPostgres("what is wrong is told in one line, as by one process", async (t) => {
  t.timeout(240_000);
  const database = await postgresSchema(t);
  const holder = createServer().listen(0, "127.0.0.1");
  t.teardown(() => holder.close());
  await once(holder, "listening");
  const { port } = holder.address() as { port: number };
  const gone = "postgres://me:secret@/db?host=%2Fno%2Fsuch%2Ffolder";
  for (const [args, on] of [
    [["--auth-port", String(port)], database],
    [["--auth-drpc-port", String(port)], database],
    [["--metrics-port", String(port)], database],
    [["--satellite", "file:///no/such/list"], database],
    [["--tls-cert", "/no/cert", "--tls-key", "/no/key"], database],
    [[], gone],
  ] as const) {
    const [one, two] = await Promise.all(["1", "2"].map((count) => refused(t, [...args, "--processes", count], on)));
    t.regex(one!, /^postern: [^\n]+\n$/);
    t.is(two, one);
  }
  t.regex(await refused(t, ["--processes", "0"], database), /^postern: --processes takes 1 to 128 processes\n$/);
  t.regex(
    await refused(t, ["--processes", "2", "--auth-store", "./store.js"], database),
    /^postern: --processes takes 1 with --auth-store: /,
  );
});
