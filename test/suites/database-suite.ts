import type { ExecutionContext, TestFn } from "ava";
import { isConstraintError } from "../../network/satellite/db/errors.js";
import type { Database, Queries } from "../../network/satellite/db/queries.js";

/** What the satellite's database must do wherever it is. `open` opens the test's own, a second time with what is in it. */
export function databaseSuite(test: TestFn, make: (t: ExecutionContext) => Promise<() => Promise<Database>>): void {
  const check = (title: string, run: (t: ExecutionContext, db: Database) => Promise<void>) =>
    test(title, async (t) => {
      const open = await make(t);
      const db = await open();
      t.teardown(() => db.close());
      await run(t, db);
    });

  check("a job that fails undoes itself, and none of those that share its commit", async (t, db) => {
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

  check("a statement that breaks a rule fails its job", async (t, db) => {
    await db.write((tx) => insert(tx, 1));
    const again = await t.throwsAsync(db.write((tx) => insert(tx, 1)));
    t.true(isConstraintError(again));
    const orphan = "INSERT INTO api_keys (id, project_id, head, name, secret, created_at) VALUES (?, ?, ?, ?, ?, 0)";
    const one = Uint8Array.of(1);
    t.true(isConstraintError(await t.throwsAsync(db.write((tx) => tx.run(orphan, [one, one, one, "name", one])))));
    t.deepEqual(await ids(db), [1]);
  });

  check("jobs that change what they have read lose nothing to each other", async (t, db) => {
    const key = Uint8Array.of(7);
    await db.write((tx) => insert(tx, 7));
    const addOne = async (tx: Queries) => {
      const row = await tx.first<{ n: number }>("SELECT created_at AS n FROM revocations WHERE revoked = ?", [key]);
      await tx.run("UPDATE revocations SET created_at = ? WHERE revoked = ?", [row!.n + 1, key]);
    };
    await Promise.all(Array.from({ length: 40 }, () => db.write(addOne)));
    const counted = await db.read.first<{ n: number }>("SELECT created_at AS n FROM revocations");
    t.is(counted!.n, 40);
  });

  check("of jobs that each find nothing and then add it, one does", async (t, db) => {
    const addIfMissing = (id: number) =>
      db.write(async (tx) => {
        if (
          (await tx.first("SELECT 1 AS found FROM revocations WHERE api_key_id = ?", [Uint8Array.of(0)])) !== undefined
        )
          return false;
        await insert(tx, id);
        return true;
      });
    const added = await Promise.all(Array.from({ length: 12 }, (_, id) => addIfMissing(id)));
    t.is(added.filter(Boolean).length, 1);
    t.is((await ids(db)).length, 1);
  });

  check("values come back as numbers, text, bytes and null", async (t, db) => {
    const bytes = Uint8Array.from({ length: 256 }, (_, i) => i);
    const large = 9_007_199_254_740_991;
    await db.write((tx) =>
      tx.run("INSERT INTO projects (id, public_id, name, salt, created_at, usage_limit) VALUES (?, ?, ?, ?, ?, ?)", [
        bytes.subarray(0, 16),
        bytes,
        "what? it's \u{1f418}",
        new Uint8Array(0),
        large,
        null,
      ]),
    );
    const row = await db.read.first<Record<string, unknown>>(
      `SELECT id, public_id AS "publicId", name, salt, created_at AS "createdAt", usage_limit AS "limit",
        max_buckets IS NULL AS "yes", (SELECT count(*) FROM projects) AS "count", 'a ?' AS "quoted"
        FROM projects WHERE name LIKE ?`,
      ["what?%"],
    );
    t.deepEqual(
      { ...row, id: [...(row!["id"] as Uint8Array)], publicId: [...(row!["publicId"] as Uint8Array)] },
      {
        id: [...bytes.subarray(0, 16)],
        publicId: [...bytes],
        name: "what? it's \u{1f418}",
        salt: Buffer.alloc(0),
        createdAt: large,
        limit: null,
        yes: 1,
        count: 1,
        quoted: "a ?",
      },
    );
    t.is(await db.write((tx) => tx.run("UPDATE projects SET name = ?", ["other"])), 1);
    t.is(await db.write((tx) => tx.run("DELETE FROM projects WHERE id = ?", [Uint8Array.of(1)])), 0);
  });

  test("closing finishes what was accepted and takes no more", async (t) => {
    const open = await make(t);
    const db = await open();
    const last = db.write((tx) => insert(tx, 7));
    await db.close();
    await last;
    await t.throwsAsync(
      db.write((tx) => insert(tx, 8)),
      { message: /closed/ },
    );
    const again = await open();
    t.deepEqual(await ids(again), [7]);
    await again.close();
  });
}

export const insert = (tx: Queries, id: number) =>
  tx.run("INSERT INTO revocations (revoked, api_key_id, created_at) VALUES (?, ?, 0)", [
    Uint8Array.of(id),
    Uint8Array.of(0),
  ]);

export const ids = async (db: Database) =>
  (await db.read.all<{ revoked: Uint8Array }>("SELECT revoked FROM revocations ORDER BY revoked")).map(
    ({ revoked }) => revoked[0],
  );
