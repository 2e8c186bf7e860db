import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  CreateBucketCommand,
  GetBucketCorsCommand,
  GetObjectCommand,
  PutBucketCorsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import test, { type ExecutionContext } from "ava";
import type { RegionsReadyFile } from "../../bin/regions-file.js";
import { openPostgres } from "../../store/knex/open.js";
import { orKilled } from "../helpers/or-killed.js";
import { ownPostgres } from "../helpers/postgres.js";
import { whyNoServer } from "../helpers/postgres-server.js";
import { repositoryRoot } from "../helpers/root.js";
import { runProgram } from "../helpers/run-program.js";
import { startTempServer } from "../helpers/server.js";
import { tempDir } from "../helpers/temp-dir.js";
import { until } from "../helpers/until.js";

const entry = join(repositoryRoot, "dist/bin/postern.js");
const Bucket = "everywhere";

interface Keys {
  readonly access_key_id: string;
  readonly secret_key: string;
}

type Region = RegionsReadyFile["regions"][number];

/** The documented command, as a user runs it. */
async function startRegions(t: ExecutionContext, database: string, flags: readonly string[]) {
  const dir = await tempDir();
  const args = ["regions", "--ephemeral", "--data-dir", dir.path, ...flags];
  const child: ChildProcess = spawn(process.execPath, [entry, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, POSTERN_AUTH_DATABASE: database },
  });
  const output = { text: "" };
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on("data", (chunk: Buffer) => {
      output.text += chunk.toString();
    });
  }
  const exited = once(child, "exit") as Promise<[number | null]>;
  const stop = async () => {
    child.kill("SIGINT");
    return (await orKilled(child, "its stop", exited))[0];
  };
  t.teardown(async () => {
    await stop();
    await dir.remove();
  });
  await until(() => output.text.includes("Postern's regions are ready.") || child.exitCode !== null);
  if (child.exitCode !== null) throw new Error(output.text);
  const ready = async () => JSON.parse(await readFile(join(dir.path, "regions.json"), "utf8")) as RegionsReadyFile;
  return { ready, stop, output, child };
}

function clientOf(t: ExecutionContext, { s3 }: Region, keys: Keys): S3Client {
  const client = new S3Client({
    endpoint: s3,
    region: "us-east-1",
    maxAttempts: 1,
    credentials: { accessKeyId: keys.access_key_id, secretAccessKey: keys.secret_key },
  });
  t.teardown(() => client.destroy());
  return client;
}

async function register({ authHttp }: Region, accessGrant: string): Promise<Keys> {
  const body = JSON.stringify({ access_grant: accessGrant });
  const reply = await fetch(`${authHttp}/v1/access`, { method: "POST", body });
  if (reply.status !== 200) throw new Error(`registration answered ${reply.status} ${await reply.text()}`);
  return (await reply.json()) as Keys;
}

async function resolves({ authHttp }: Region, token: string, keys: Keys): Promise<boolean> {
  const headers = { Authorization: `Bearer ${token}` };
  const reply = await fetch(`${authHttp}/v1/access/${keys.access_key_id}`, { headers });
  const found = (await reply.json().catch(() => ({}))) as Partial<Keys>;
  return reply.status === 200 && found.secret_key === keys.secret_key;
}

async function writeAndRead(s3: S3Client, Key: string): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket, Key, Body: `content of ${Key}` }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  if ((await Body!.transformToString()) !== `content of ${Key}`) throw new Error("another content");
}

/** Nobody listens: a load balancer sends the request elsewhere, and the client hears nothing of it. */
function isRefused(error: unknown): boolean {
  const codes = [error, (error as Error).cause].map((each) => (each as { code?: unknown } | undefined)?.code);
  return codes.includes("ECONNREFUSED");
}

/** Clients of all regions, each of which goes to the next region where its own is not there. */
function load(t: ExecutionContext, regions: readonly Region[], grant: string, first: Keys) {
  const failures: { readonly region: number; readonly what: "s3" | "auth"; readonly error: unknown }[] = [];
  const done = { s3: [0, 0, 0], auth: [0, 0, 0] };
  const registered: Keys[] = [first];
  let stopped = false;

  const loop = async (home: number, what: "s3" | "auth", once: (region: Region) => Promise<void>) => {
    let region = home;
    while (!stopped) {
      try {
        await once(regions[region]!);
        done[what][region]!++;
        region = home;
      } catch (error) {
        if (!isRefused(error)) failures.push({ region, what, error });
        region = (region + 1) % regions.length;
      }
    }
  };
  const loops = regions.flatMap((_, home) => [
    loop(home, "auth", async (region) => {
      registered.push(await register(region, grant));
    }),
    ...[1, 2].map((client) => {
      let number = 0;
      // New keys every time, so that the gateway has to ask for them.
      return loop(home, "s3", (region) => {
        const keys = registered[registered.length - 1 - (number % Math.min(5, registered.length))]!;
        return writeAndRead(clientOf(t, region, keys), `${home}-${client}-${number++}`);
      });
    }),
  ]);
  return {
    failures,
    done,
    registered,
    /** Until every region has done that many more of each. */
    async goOn(count: number, among = [0, 1, 2]) {
      const target = { s3: done.s3.map((n) => n + count), auth: done.auth.map((n) => n + count) };
      await until(() => among.every((i) => done.s3[i]! >= target.s3[i]! && done.auth[i]! >= target.auth[i]!));
    },
    async stop() {
      stopped = true;
      await Promise.all(loops);
    },
  };
}

const missing = whyNoServer();

if (missing !== undefined) test.skip(`regions on one PostgreSQL (${missing})`, () => {});
else {
  test("three regions agree, and any process can be killed under load", async (t) => {
    t.timeout(240_000);
    const server = await ownPostgres(t);
    const { ready, stop, output } = await startRegions(t, server.url, ["--count", "3", "--requests-per-minute", "0"]);
    const { regions, accessGrant, accessKeyId, secretKey, authToken } = await ready();
    const first: Keys = { access_key_id: accessKeyId, secret_key: secretKey };
    const clients = regions.map((region) => clientOf(t, region, first));

    // Keys of one are good in the others at once, and so is what they write.
    await clients[0]!.send(new CreateBucketCommand({ Bucket }));
    for (const [i, region] of regions.entries()) {
      const keys = await register(region, accessGrant);
      for (const other of regions) t.true(await resolves(other, authToken, keys));
      await writeAndRead(clientOf(t, regions[(i + 1) % 3]!, keys), `of-${i}`);
    }

    // Bucket settings reach the others within settingsCacheMs, though they remember that there were none.
    const cors = (client: S3Client) =>
      client.send(new GetBucketCorsCommand({ Bucket })).then(
        ({ CORSRules }) => CORSRules?.[0]?.AllowedOrigins?.[0],
        () => undefined,
      );
    for (const client of clients) t.is(await cors(client), undefined);
    const rule = { AllowedMethods: ["GET"], AllowedOrigins: ["https://example.com"] };
    await clients[0]!.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }));
    const changedAt = performance.now();
    t.is(await cors(clients[0]!), "https://example.com");
    await until(async () => (await cors(clients[1]!)) !== undefined && (await cors(clients[2]!)) !== undefined);
    t.true(performance.now() - changedAt < 5_000, `${performance.now() - changedAt} ms`);

    const running = load(t, regions, accessGrant, first);
    await running.goOn(5);
    t.deepEqual(running.failures, []);

    // A gateway: what fails was under way there.
    const killed = (await ready()).regions[1]!.pids;
    process.kill(killed.gateway!, "SIGKILL");
    await running.goOn(10, [0, 2]);
    t.true(running.failures.length <= 2, JSON.stringify(running.failures));
    t.true(running.failures.every(({ region, what }) => region === 1 && what === "s3"));
    await until(async () => ![undefined, killed.gateway].includes((await ready()).regions[1]!.pids.gateway));
    await running.goOn(5);

    // An auth service: its gateway asks another, so that no S3 request fails.
    const failedBefore = running.failures.length;
    process.kill((await ready()).regions[0]!.pids.auth!, "SIGKILL");
    await running.goOn(10, [1, 2]);
    const since = running.failures.slice(failedBefore);
    t.true(since.length <= 1, JSON.stringify(since));
    t.true(since.every(({ region, what }) => region === 0 && what === "auth"));
    await running.goOn(5);
    await running.stop();
    t.is(running.failures.length, failedBefore + since.length);
    t.regex(output.text, /the gateway of region 2 ended \(SIGKILL\) and is started again/);

    // Nothing confirmed is lost, nothing is there twice: what is there besides was under way at the kill.
    const db = await openPostgres({ url: server.url });
    const count = Number((await db("records").count<{ count: string }[]>("* as count"))[0]?.count);
    await db.destroy();
    const confirmed = running.registered.length + regions.length;
    t.true(count >= confirmed && count <= confirmed + since.length, `${count} of ${confirmed}`);
    for (const [i, keys] of running.registered.entries()) t.true(await resolves(regions[i % 3]!, authToken, keys));

    // Without its database a region serves whom it knows, and says that it takes no registrations.
    const known = (s3: S3Client) => s3.send(new GetObjectCommand({ Bucket, Key: "of-0" }));
    for (const client of clients) await known(client);
    await server.stop("immediate");
    for (const client of clients) t.is((await known(client)).$metadata.httpStatusCode, 200);
    for (const region of regions) {
      await t.throwsAsync(register(region, accessGrant), { message: /answered 503/ });
      t.is((await fetch(`${region.authHttp}/v1/health/live`)).status, 503);
      t.true(await resolves(region, authToken, first));
    }
    await server.start();
    for (const region of regions) t.truthy(await register(region, accessGrant));
    t.log(`S3: ${running.done.s3}, registrations: ${running.done.auth}, failed: ${running.failures.length}`);
    t.is(await stop(), 0);
  });

  test("regions on another network: the grant is its own, and nothing outlives the command", async (t) => {
    t.timeout(240_000);
    const server = await ownPostgres(t);
    const network = await startTempServer();
    t.teardown(() => network.close());
    const { accessGrant, satellite } = network.ready;
    const { ready, child } = await startRegions(t, server.url, ["--count", "2", "--access", accessGrant]);
    const file = await ready();
    t.like(file, { satellite, pids: { network: undefined } });
    const keys = await register(file.regions[1]!, accessGrant);
    await clientOf(t, file.regions[0]!, keys).send(new CreateBucketCommand({ Bucket: "elsewhere" }));
    // Killed, it can not tell its processes to end: they see it.
    child.kill("SIGKILL");
    const pids = file.regions.flatMap((region) => [region.pids.gateway!, region.pids.auth!]);
    await until(() => pids.every((pid) => !isRunning(pid)));
    t.pass();
  });

  test("a database that is not there is told in one line, before anything runs", async (t) => {
    const dir = await tempDir();
    t.teardown(dir.remove);
    const args = [entry, "regions", "--ephemeral", "--data-dir", dir.path];
    const url = `postgres://me:secret@/db?host=${encodeURIComponent(dir.path)}`;
    const gone = await runProgram(process.execPath, args, { env: { POSTERN_AUTH_DATABASE: url } });
    t.deepEqual([gone.code, gone.stdout], [1, ""]);
    t.regex(gone.stderr, /^postern: the credentials database failed \(ENOENT\)\n$/);
    const none = await runProgram(process.execPath, args, { env: { POSTERN_AUTH_DATABASE: "" } });
    t.regex(none.stderr, /^postern: --auth-database postgres:\/\/… is needed: regions share it\n$/);
  });
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
