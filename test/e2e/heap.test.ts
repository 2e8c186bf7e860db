import { fork } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import test from "ava";
import { authDeps } from "../helpers/auth-deps.js";
import type { HeapListening } from "../helpers/heap-server.js";
import { orKilled } from "../helpers/or-killed.js";
import { repositoryRoot } from "../helpers/root.js";
import { type Secret, secretBytes, secretRequests } from "../helpers/secret-requests.js";
import { tempDir } from "../helpers/temp-dir.js";
import { until } from "../helpers/until.js";

const token = "heap-test-token-0123456789";
/** Long enough for the first snapshot, whatever else the machine does. */
const cacheMs = 20_000;

test("memory holds no secret but those in S3's cache, and those only until they expire there", async (t) => {
  t.timeout(180_000);
  const dir = await tempDir();
  t.teardown(dir.remove);
  const entry = join(repositoryRoot, "dist", "test", "helpers", "heap-server.js");
  const child = fork(entry, [String(cacheMs), token], { execArgv: [] });
  const exited = once(child, "exit");
  t.teardown(async () => {
    if (child.connected) child.send({ stop: true });
    await orKilled(child, "its stop", exited);
  });
  const ended = exited.then(([code]) => {
    throw new Error(`the process ended with ${code}`);
  });
  const answer = async () => (await Promise.race([once(child, "message"), ended])) as [unknown];
  const listening = (await answer())[0] as HeapListening;
  const { secrets, remembered, outcomes } = await secretRequests({
    s3: listening.s3,
    authHttp: listening.auth["http"]!,
    authGrpc: listening.auth["grpc"]!,
    authDrpc: listening.auth["drpc"]!,
    authToken: token,
    accessGrant: authDeps().grant,
  }).catch((error: Error) => {
    throw error.cause ?? error;
  });
  const over = performance.now() + cacheMs;
  t.like(outcomes, { "http good": 200, "look up good": 200, "gRPC good": 0, "DRPC good": 0, "S3 good": 200 });

  /** Names of the secrets that a snapshot has. Its strings are JSON; none of ours has a character to be escaped. */
  const found = async (): Promise<string[]> => {
    const file = join(dir.path, "snapshot.heapsnapshot");
    child.send({ snapshot: file });
    await answer();
    const bytes = await readFile(file);
    await rm(file);
    t.true(bytes.length > 1_000_000);
    const texts = secrets.filter(({ value }) => typeof value === "string");
    return texts.filter((secret) => bytes.includes(secretBytes(secret))).map(({ name }) => name);
  };
  const names = (list: readonly Secret[]) => new Set(list.map(({ name }) => name));
  // The process is told the token; that it looks for it in vain would mean that the search does not work.
  const allowed = names(remembered).add("auth token");
  const first = await found();
  t.true(first.includes("auth token") && first.includes("access grant"), String(first));
  t.deepEqual(
    first.filter((name) => !allowed.has(name)),
    [],
  );
  let last: string[] = [];
  // To look takes a processor seconds, and is in vain before.
  await delay(Math.max(0, over - performance.now()));
  await until(async () => {
    last = await found();
    return last.length === 1;
  }, 90_000).catch(() => {});
  t.deepEqual(last, ["auth token"]);
});
