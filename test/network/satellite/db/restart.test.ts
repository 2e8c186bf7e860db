import test from "ava";
import { isPosternError } from "../../../../core/errors.js";
import { openPostgres } from "../../../../network/satellite/db/postgres/open.js";
import { ownPostgres } from "../../../helpers/postgres.js";
import { whyNoServer } from "../../../helpers/postgres-server.js";
import { until } from "../../../helpers/until.js";
import { ids, insert } from "../../../suites/database-suite.js";

const missing = whyNoServer();

if (missing !== undefined) test.skip(`the satellite on a PostgreSQL server that restarts (${missing})`, () => {});
else {
  test("a satellite takes its database again after a restart of the server, and keeps others out", async (t) => {
    t.timeout(120_000);
    const server = await ownPostgres(t);
    const db = await openPostgres({ url: server.url });
    t.teardown(() => db.close());
    const written: number[] = [];
    const failures: unknown[] = [];
    let next = 1;
    let stopped = false;
    const loops = [1, 2, 3].map(async () => {
      while (!stopped) {
        const id = next++;
        try {
          await db.write((tx) => insert(tx, id));
          written.push(id);
        } catch (error) {
          failures.push(error);
        }
      }
    });
    t.teardown(() => {
      stopped = true;
    });
    for (const mode of ["fast", "immediate"] as const) {
      const target = written.length + 50;
      await until(() => written.length > target);
      await server.stop(mode);
      await server.start();
    }
    await until(() => written.length > 150);
    stopped = true;
    await Promise.all(loops);
    for (const failure of failures) t.true(isPosternError(failure, "unavailable"), String(failure));
    const kept = new Set(await ids(db));
    t.true(written.every((id) => kept.has(id)));
    const error = await t.throwsAsync(openPostgres({ url: server.url }));
    t.regex(error!.message, /is in use by another satellite$/);
  });

  test("a satellite whose database another took meanwhile does no more", async (t) => {
    t.timeout(120_000);
    const server = await ownPostgres(t);
    const first = await openPostgres({ url: server.url });
    t.teardown(() => first.close());
    await first.write((tx) => insert(tx, 1));
    await server.stop("fast");
    await server.start();
    // Both run for it; whoever it is, there is one.
    const second = await openPostgres({ url: server.url }).catch((error: unknown) => error);
    const works = await first
      .write((tx) => insert(tx, 2))
      .then(
        () => true,
        () => false,
      );
    t.is(works, second instanceof Error);
    if (!(second instanceof Error)) await (second as { close(): Promise<void> }).close();
  });
}
