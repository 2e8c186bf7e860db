import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { openSqlite } from "../../network/satellite/db/open.js";

// A program for a test to kill: writes rows as fast as it can, and names each on its output once it is committed.
const dir = process.argv[2];
if (dir === undefined) throw new Error("no folder");
const db = await openSqlite({ file: join(dir, "satellite.db") });

async function writer(): Promise<never> {
  for (;;) {
    const id = randomBytes(8);
    await db.write((tx) =>
      tx.run("INSERT INTO revocations (revoked, api_key_id, created_at) VALUES (?, ?, 0)", [id, id]),
    );
    process.stdout.write(`${id.toString("hex")}\n`);
  }
}

await Promise.all(Array.from({ length: 8 }, writer));
