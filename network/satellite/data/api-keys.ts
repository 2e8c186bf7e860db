import type { Queries } from "../db/queries.js";
import type { Micros } from "./times.js";

export interface ApiKeyRecord {
  readonly id: Uint8Array;
  readonly projectId: Uint8Array;
  /** 32 bytes: what a macaroon is looked up by. */
  readonly head: Uint8Array;
  readonly name: string;
  /** 32 bytes: what macaroons of this key are signed with. */
  readonly secret: Uint8Array;
  /** Bits: 1 object lock, 2 auditable, 4 eventing. */
  readonly version: number;
  readonly createdAt: Micros;
  /** Requests a second of this key, beside the limit of its project; null for none. */
  readonly rateLimit: number | null;
  readonly burstLimit: number | null;
}

const columns = `id, project_id AS "projectId", head, name, secret, version, created_at AS "createdAt",
  rate_limit AS "rateLimit", burst_limit AS "burstLimit"`;

export async function insertApiKey(tx: Queries, key: ApiKeyRecord): Promise<void> {
  await tx.run(
    `INSERT INTO api_keys (id, project_id, head, name, secret, version, created_at, rate_limit, burst_limit)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [key.id, key.projectId, key.head, key.name, key.secret, key.version, key.createdAt, key.rateLimit, key.burstLimit],
  );
}

export async function findApiKey(db: Queries, head: Uint8Array): Promise<ApiKeyRecord | undefined> {
  return db.first<ApiKeyRecord>(`SELECT ${columns} FROM api_keys WHERE head = ?`, [head]);
}
