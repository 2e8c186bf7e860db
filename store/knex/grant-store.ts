import type { Knex } from "knex";
import type { GrantRecord, GrantStore, RecordSelector, StoredGrantRecord } from "../../core/auth/grant-store.js";
import { storeError } from "./errors.js";

interface Row {
  encryption_key_hash: Buffer;
  created_at: Date | number;
  public: boolean | number;
  public_project_id: Buffer | null;
  satellite_address: string;
  macaroon_head: Buffer;
  expires_at: Date | number | null;
  encrypted_secret_key: Buffer;
  encrypted_access_grant: Buffer;
  invalidation_reason: string | null;
  invalidated_at: Date | number | null;
  usage_tags: string | null;
  project_created_at: Date | number | null;
}

const table = "records";

export interface KnexGrantStoreOptions {
  /** Milliseconds since the epoch; the clock when absent. */
  readonly now?: () => number;
}

/** Grant records on any database that Knex speaks to. Closing the store destroys the Knex instance it was given. */
export function knexGrantStore(db: Knex, options: KnexGrantStoreOptions = {}): GrantStore {
  const now = options.now ?? Date.now;

  const matching = (selector: RecordSelector) =>
    "keyHash" in selector
      ? db<Row>(table).where("encryption_key_hash", Buffer.from(selector.keyHash))
      : db<Row>(table).where("macaroon_head", Buffer.from(selector.macaroonHead));

  return {
    put: (keyHash, record) =>
      converted(async () => {
        await db(table).insert(rowOf(keyHash, record, now()));
      }),

    get: (keyHash) =>
      converted(async () => {
        const row = await db<Row>(table).where("encryption_key_hash", Buffer.from(keyHash)).first();
        if (row === undefined) return undefined;
        const record = recordOf(row);
        return record.expiresAt !== undefined && record.expiresAt <= now() ? undefined : record;
      }),

    find: (selector, limit) =>
      converted(async () => {
        const rows: Row[] = await matching(selector).orderBy("created_at", "desc").limit(limit);
        return rows.map((row) => ({ ...recordOf(row), keyHash: row.encryption_key_hash }));
      }),

    invalidate: (selector, reason) =>
      converted(() =>
        matching(selector)
          .whereNull("invalidated_at")
          .update({ invalidation_reason: reason, invalidated_at: new Date(now()) }),
      ),

    unpublish: (selector) => converted(() => matching(selector).where("public", true).update({ public: false })),

    delete: (selector) => converted(() => matching(selector).delete()),

    deleteExpired: (limit) =>
      converted(() =>
        db<Row>(table)
          .whereIn(
            "encryption_key_hash",
            db<Row>(table).select("encryption_key_hash").where("expires_at", "<=", new Date(now())).limit(limit),
          )
          .delete(),
      ),

    ping: () =>
      converted(async () => {
        await db(table).select("encryption_key_hash").first();
      }),

    close: () => db.destroy(),
  };
}

async function converted<T>(query: () => PromiseLike<T>): Promise<T> {
  try {
    return await query();
  } catch (error) {
    throw storeError(error);
  }
}

function rowOf(keyHash: Uint8Array, record: GrantRecord, createdAt: number): Row {
  return {
    encryption_key_hash: Buffer.from(keyHash),
    created_at: new Date(createdAt),
    public: record.public,
    public_project_id: record.publicProjectId === undefined ? null : Buffer.from(record.publicProjectId),
    satellite_address: record.satelliteAddress,
    macaroon_head: Buffer.from(record.macaroonHead),
    expires_at: dateOf(record.expiresAt),
    encrypted_secret_key: Buffer.from(record.encryptedSecretKey),
    encrypted_access_grant: Buffer.from(record.encryptedAccessGrant),
    invalidation_reason: null,
    invalidated_at: null,
    usage_tags: record.usageTags.length === 0 ? null : record.usageTags.join(","),
    project_created_at: dateOf(record.projectCreatedAt),
  };
}

function recordOf(row: Row): StoredGrantRecord {
  const invalidatedAt = millisOf(row.invalidated_at);
  return {
    satelliteAddress: row.satellite_address,
    macaroonHead: row.macaroon_head,
    encryptedSecretKey: row.encrypted_secret_key,
    encryptedAccessGrant: row.encrypted_access_grant,
    expiresAt: millisOf(row.expires_at),
    public: Boolean(row.public),
    usageTags: row.usage_tags === null || row.usage_tags === "" ? [] : row.usage_tags.split(","),
    publicProjectId: row.public_project_id ?? undefined,
    projectCreatedAt: millisOf(row.project_created_at),
    createdAt: millisOf(row.created_at) ?? 0,
    invalidation:
      invalidatedAt === undefined ? undefined : { reason: row.invalidation_reason ?? "", at: invalidatedAt },
  };
}

/** SQLite keeps a Date as milliseconds, PostgreSQL as a timestamp. */
function dateOf(millis: number | undefined): Date | null {
  return millis === undefined ? null : new Date(millis);
}

function millisOf(value: Date | number | null): number | undefined {
  if (value === null) return undefined;
  return typeof value === "number" ? value : value.getTime();
}
