import { EventEmitter } from "node:events";
import test from "ava";
import type { Knex } from "knex";
import { takeDatabase } from "../../../../network/satellite/db/postgres/ownership.js";
import { type Deferred, deferred } from "../../../helpers/deferred.js";

/** A connection that gets whatever lock it asks for. */
function connection() {
  return Object.assign(new EventEmitter(), { query: async () => ({ rows: [{ taken: 1 }], rowCount: 1 }) });
}

test("who waits for a database that was lost hears when it is closed meanwhile", async (t) => {
  const asked: Deferred<object>[] = [];
  const released: object[] = [];
  const client = {
    acquireConnection() {
      asked.push(deferred<object>());
      return asked.at(-1)!.promise;
    },
    releaseConnection: async (given: object) => void released.push(given),
  };
  const [first, second] = [connection(), connection()];
  const taking = takeDatabase({ client } as unknown as Knex, "postgres:///db");
  asked[0]!.resolve(first);
  const ownership = await taking;
  await ownership.ensure();
  first.emit("end");
  const waiting = ownership.ensure();
  await ownership.release();
  asked[1]!.resolve(second);
  await t.throwsAsync(waiting, { code: "unavailable", message: "the satellite database is closed" });
  t.deepEqual(released, [first, second]);
});
