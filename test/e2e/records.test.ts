import { spawn } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { startCleaning } from "../../bin/cleaning.js";
import { createAuthService } from "../../core/auth/service.js";
import { knexGrantStore } from "../../store/knex/grant-store.js";
import { openGrantDatabase } from "../../store/knex/open.js";
import { authDeps } from "../helpers/auth-deps.js";
import { postgresMissing, postgresSchema } from "../helpers/postgres.js";
import { repositoryRoot } from "../helpers/root.js";
import { mustRun, runProgram } from "../helpers/run-program.js";
import { tempDir } from "../helpers/temp-dir.js";
import { until } from "../helpers/until.js";
import { grantRecord } from "../suites/grant-store-suite.js";

const entry = join(repositoryRoot, "dist", "bin", "postern.js");
const missing = await postgresMissing();

interface Where {
  /** For `openGrantDatabase`. */
  readonly database: string;
  readonly flags: readonly string[];
}

async function sqlite(t: ExecutionContext): Promise<Where> {
  const dir = await tempDir();
  t.teardown(dir.remove);
  return { database: join(dir.path, "auth.db"), flags: ["--data-dir", dir.path] };
}

async function postgres(t: ExecutionContext): Promise<Where> {
  const database = await postgresSchema(t);
  return { database, flags: ["--auth-database", database] };
}

for (const [name, make] of Object.entries({ SQLite: sqlite, PostgreSQL: postgres })) {
  const on = name === "PostgreSQL" && missing !== undefined ? test.skip : test;

  on(`records are administered on ${name}, by access key id and by macaroon head, and reasons kept`, async (t) => {
    t.timeout(240_000); // a dozen programs, one after the other
    const { database, flags } = await make(t);
    const store = knexGrantStore(await openGrantDatabase(database));
    t.teardown(() => store.close());
    const { grant, otherGrant } = authDeps();
    const service = createAuthService({ store, allowSatellite: () => true, endpoint: "" });
    const register = (accessGrant: string) => service.register({ accessGrant, public: true });
    const [one, two, other] = [await register(grant), await register(grant), await register(otherGrant)];
    const records = async (...args: string[]) =>
      (await mustRun(process.execPath, [entry, "auth", "records", ...args, ...flags])).stdout;
    const shown = async (which: string) => JSON.parse(await records("show", which)) as Record<string, unknown>[];

    const [record] = await shown(one.accessKeyId);
    const head = String(record!["macaroonHead"]);
    t.is((await shown(head)).length, 2);
    t.is(await records("unpublish", one.accessKeyId), "unpublished: 1\n");
    t.is(await records("unpublish", head), "unpublished: 1\n", "the one that still was public");
    t.is(await records("invalidate", two.accessKeyId, "--reason", "posted in a forum"), "invalidated: 1\n");
    t.is(await records("invalidate", head, "--reason", "project closed"), "invalidated: 1\n");
    const reasons = (await shown(head)).map(({ invalidationReason }) => invalidationReason);
    t.deepEqual(reasons.sort(), ["posted in a forum", "project closed"], "the first reason stays");
    await t.throwsAsync(service.resolve(one.accessKeyId), { message: "invalid: project closed" });
    const without = await runProgram(process.execPath, [entry, "auth", "records", "invalidate", head, ...flags]);
    t.not(without.code, 0, "a reason is needed");
    t.like(await service.resolve(other.accessKeyId), { public: true }, "other API keys are left alone");
    t.is(await records("delete", one.accessKeyId), "deleted: 1\n");
    t.is(await records("delete", head), "deleted: 1\n");
    t.deepEqual(await shown(head), []);
    t.like(await service.resolve(other.accessKeyId), { public: true });
  });

  on(`a job removes expired rows from ${name}, in batches, while others do the same`, async (t) => {
    const { database } = await make(t);
    const opened = async () => {
      const store = knexGrantStore(await openGrantDatabase(database));
      t.teardown(() => store.close());
      return store;
    };
    const stores = [await opened(), await opened()];
    const lasting = randomBytes(32);
    await stores[0]!.put(lasting, grantRecord());
    const count = 1_200;
    const expired = Array.from({ length: count }, () => randomBytes(32));
    await Promise.all(expired.map((hash) => stores[0]!.put(hash, grantRecord({ expiresAt: 1 }))));
    const stops: (() => Promise<unknown>)[] = [];
    const batches: number[] = [];
    const ignore = () => {};
    for (const store of stores) {
      startCleaning(
        {
          async deleteExpired(limit) {
            const removed = await store.deleteExpired(limit);
            t.true(removed <= limit);
            batches.push(removed);
            return removed;
          },
        },
        { add: (_, stop) => void stops.push(stop) },
        { debug: ignore, info: ignore, warn: (fields) => t.fail(JSON.stringify(fields)), error: ignore },
        1,
      );
    }
    await until(() => batches.reduce((sum, each) => sum + each, 0) >= count);
    for (const stop of stops) await stop();
    t.is(
      batches.reduce((sum, each) => sum + each, 0),
      count,
      "each is removed once",
    );
    t.deepEqual(await stores[1]!.find({ keyHash: expired[7]! }, 1), []);
    t.truthy(await stores[1]!.get(lasting));
  });
}

test("the auth service runs on a store of one's own, and its records are administered there", async (t) => {
  t.timeout(120_000);
  const text = readFileSync(join(repositoryRoot, "docs/auth.md"), "utf8");
  const module = join(repositoryRoot, "dist", `store-${randomUUID()}.mjs`);
  await writeFile(module, /^```js\n([\s\S]*?)^```$/m.exec(text)![1]!);
  t.teardown(() => rm(module));
  const dir = await tempDir();
  t.teardown(dir.remove);
  const flags = ["--auth-store", module, "--data-dir", dir.path];
  const satellite = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S@127.0.0.1:7777";
  const args = ["auth", "--ephemeral", "--satellite", satellite, "--endpoint", "https://s3.example", ...flags];
  const child = spawn(process.execPath, [entry, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  t.teardown(() => void child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await until(() => /drpc .*\n/.test(output));
  const url = /http:\/\/\S+/.exec(output)![0];
  const body = JSON.stringify({ access_grant: authDeps().grant });
  const registered = await fetch(`${url}/v1/access`, { method: "POST", body });
  const { access_key_id: id } = (await registered.json()) as { access_key_id: string };
  child.kill("SIGINT");
  t.deepEqual(await exited, [0, null]);
  const { stdout } = await mustRun(process.execPath, [entry, "auth", "records", "show", id, ...flags]);
  t.like(JSON.parse(stdout)[0], { satelliteAddress: satellite });
  const wrong = await runProgram(process.execPath, [
    entry,
    "auth",
    "records",
    "show",
    id,
    "--auth-store",
    "./none.mjs",
  ]);
  t.regex(wrong.stderr, /--auth-store \.\/none\.mjs: it can not be loaded/);
});
