import { createServer } from "node:net";
import test from "ava";
import { isPosternError } from "../../../../core/errors.js";
import { openDatabase } from "../../../../network/satellite/db/open-database.js";
import { numbered } from "../../../../network/satellite/db/postgres/connection.js";
import { openPostgres, postgresName } from "../../../../network/satellite/db/postgres/open.js";
import { postgresMissing, postgresSchema } from "../../../helpers/postgres.js";
import { databaseSuite, ids, insert } from "../../../suites/database-suite.js";

const missing = await postgresMissing();

if (missing !== undefined) test.skip(`the database on PostgreSQL (${missing})`, () => {});
else {
  databaseSuite(test, async (t) => {
    const url = await postgresSchema(t);
    return () => openPostgres({ url });
  });

  test("jobs run side by side, and readers see only what was committed", async (t) => {
    const db = await openPostgres({ url: await postgresSchema(t) });
    t.teardown(() => db.close());
    let arrived = 0;
    let meet: () => void = () => {};
    const met = new Promise<void>((resolve) => {
      meet = resolve;
    });
    t.teardown(() => meet()); // where one of the two fails, the other must not wait for it
    const job = (id: number) =>
      db.write(async (tx) => {
        await insert(tx, id);
        if (++arrived >= 2) meet();
        await met;
        return ids(db);
      });
    const [one, two] = await Promise.all([job(1), job(2)]);
    t.false(one!.includes(1));
    t.false(two!.includes(2));
    t.deepEqual(await ids(db), [1, 2]);
  });

  test("a job that hides the failure of a statement does not come through", async (t) => {
    const db = await openPostgres({ url: await postgresSchema(t) });
    t.teardown(() => db.close());
    await db.write((tx) => insert(tx, 1));
    await t.throwsAsync(
      db.write(async (tx) => {
        await insert(tx, 2);
        await insert(tx, 1).catch(() => {});
      }),
    );
    t.deepEqual(await ids(db), [1]);
  });

  test("a database serves one satellite", async (t) => {
    const url = await postgresSchema(t);
    const first = await openPostgres({ url });
    const error = await t.throwsAsync(openPostgres({ url }));
    t.true(isPosternError(error, "unavailable"));
    t.regex(error!.message, /is in use by another satellite$/);
    await first.close();
    await (await openPostgres({ url })).close();
  });

  test("a database or user that is not there gives one clear error", async (t) => {
    const url = new URL((await postgresSchema(t)).replace("@/", "@placeholder/"));
    const gone = url.href.replace("@placeholder/postgres", "@/no_such_database");
    if (!url.href.includes("@placeholder/postgres")) return t.pass("the server that was given is another one");
    const error = await t.throwsAsync(openPostgres({ url: gone }));
    t.true(isPosternError(error, "unavailable"));
    t.is(error!.message, "the satellite database postgres:///no_such_database does not exist");
  });
}

test("a server that is not there gives one clear error without the password", async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  const error = await t.throwsAsync(openDatabase({ dir: "", database: `postgres://me:secret@127.0.0.1:${port}/db` }));
  t.true(isPosternError(error, "unavailable"));
  t.is(error!.message, `the satellite database postgres://127.0.0.1:${port}/db can not be reached`);
});

test("what is no URL of a PostgreSQL database is refused", async (t) => {
  for (const database of ["mysql://host/db", "satellite.db", ""]) {
    t.true(isPosternError(await t.throwsAsync(openDatabase({ dir: "", database })), "invalid-argument"));
  }
});

test("names of databases hold neither user nor password", (t) => {
  t.is(postgresName("postgres://me:p%40ss@host:5432/db?sslmode=require"), "postgres://host:5432/db");
  t.is(postgresName("postgresql://me:p@ss@[::1]/db"), "postgres://[::1]/db");
  t.is(postgresName("postgres://host"), "postgres://host");
  t.is(postgresName("postgres://me:pa/ss@host/db"), "postgres://…");
});

test("parameters are numbered outside of quotes", (t) => {
  t.is(
    numbered(`SELECT '?', "a?" FROM t WHERE a = ? AND b IN (?, ?)`),
    `SELECT '?', "a?" FROM t WHERE a = $1 AND b IN ($2, $3)`,
  );
});
