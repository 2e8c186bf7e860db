import type { Queries } from "../db/queries.js";
import type { Micros } from "./times.js";

/** Refuses from now on every key whose macaroon passes through this tail. Once is enough. */
export async function revokeTail(tx: Queries, tail: Uint8Array, apiKeyId: Uint8Array, now: Micros): Promise<void> {
  await tx.run(
    "INSERT INTO revocations (revoked, api_key_id, created_at) VALUES (?, ?, ?) ON CONFLICT (revoked) DO NOTHING",
    [tail, apiKeyId, now],
  );
}

export async function anyRevoked(db: Queries, tails: readonly Uint8Array[]): Promise<boolean> {
  if (tails.length === 0) return false;
  // Macaroons have few caveats; asked in runs so that the number of different statements stays small.
  const run = 8;
  for (let i = 0; i < tails.length; i += run) {
    const some = tails.slice(i, i + run);
    while (some.length < run) some.push(some[0]!);
    const row = await db.first(
      `SELECT 1 AS found FROM revocations WHERE revoked IN (${some.map(() => "?").join(", ")}) LIMIT 1`,
      some,
    );
    if (row !== undefined) return true;
  }
  return false;
}
