import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { openSqlite } from "../../../../network/satellite/db/open.js";
import type { Database, Queries } from "../../../../network/satellite/db/queries.js";
import { tempDir } from "../../../helpers/temp-dir.js";

async function database(t: ExecutionContext): Promise<Database> {
  const { path, remove } = await tempDir();
  const db = await openSqlite({ file: join(path, "test.db") });
  t.teardown(async () => {
    await db.close();
    await remove();
  });
  return db;
}

const insert = (tx: Queries, id: number) =>
  tx.run("INSERT INTO revocations (revoked, api_key_id, created_at) VALUES (?, ?, 0)", [
    Uint8Array.of(id),
    Uint8Array.of(0),
  ]);

const ids = async (db: Database) =>
  (await db.read.all<{ revoked: Uint8Array }>("SELECT revoked FROM revocations ORDER BY revoked")).map(
    ({ revoked }) => revoked[0],
  );

test("a job that fails undoes itself, and none of those that share its commit", async (t) => {
  const db = await database(t);
  const jobs = [1, 2, 3, 4, 5].map((id) =>
    db.write(async (tx) => {
      await insert(tx, id);
      await insert(tx, id + 10);
      if (id % 2 === 0) throw new Error(`no ${id}`);
      return id;
    }),
  );
  const settled = await Promise.allSettled(jobs);
  t.deepEqual(
    settled.map((one) => one.status),
    ["fulfilled", "rejected", "fulfilled", "rejected", "fulfilled"],
  );
  t.deepEqual(await ids(db), [1, 3, 5, 11, 13, 15]);
});

test("a statement that breaks a rule fails its job", async (t) => {
  const db = await database(t);
  await db.write((tx) => insert(tx, 1));
  await t.throwsAsync(db.write((tx) => insert(tx, 1)));
  const orphan = "INSERT INTO api_keys (id, project_id, head, name, secret, created_at) VALUES (?, ?, ?, ?, ?, 0)";
  const one = Uint8Array.of(1);
  await t.throwsAsync(db.write((tx) => tx.run(orphan, [one, one, one, "name", one])));
  t.deepEqual(await ids(db), [1]);
});

test("jobs see what jobs before them did, and readers only what was committed", async (t) => {
  const db = await database(t);
  let seen: unknown[] = [];
  const first = db.write(async (tx) => {
    await insert(tx, 1);
    seen = await ids(db);
  });
  const second = db.write((tx) => tx.all("SELECT 1 FROM revocations"));
  await first;
  t.deepEqual(seen, []);
  t.is((await second).length, 1);
});

test("closing finishes what was accepted and takes no more", async (t) => {
  const { path, remove } = await tempDir();
  t.teardown(remove);
  const file = join(path, "test.db");
  const db = await openSqlite({ file });
  const last = db.write((tx) => insert(tx, 7));
  await db.close();
  await last;
  await t.throwsAsync(
    db.write((tx) => insert(tx, 8)),
    { message: /closed/ },
  );
  const again = await openSqlite({ file });
  t.deepEqual(await ids(again), [7]);
  await again.close();
});
