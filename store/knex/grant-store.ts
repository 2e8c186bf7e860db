import type { Knex } from "knex";
import type { GrantRecord, GrantStore, RecordSelector, StoredGrantRecord } from "../../core/auth/grant-store.js";
import { isPosternError } from "../../core/errors.js";
import { batched } from "./batch.js";
import { isTaken, repeatable } from "./errors.js";
import { type RecordRow as Row, recordStatements, recordsTable as table } from "./record-statements.js";
import { repeated } from "./repeat.js";
import { lookUp } from "./time-limits.js";

/** Few runs at once keep most connections of the pool free for others, and fill the batches when many calls come. */
const reading = { size: 64, parallel: 2 };
/** How long administrators, and the cleaning, wait until others are no longer in their way, in ms: no request waits for them. */
const changeMs = 15_000;
/** A commit waits for the disk, and what comes meanwhile need not wait for two. */
const writing = { size: 64, parallel: 6 };

export interface KnexGrantStoreOptions {
  /** Milliseconds since the epoch; the clock when absent. */
  readonly now?: () => number;
}

/** Grant records on any database that Knex speaks to. Closing the store destroys the Knex instance it was given. */
export function knexGrantStore(db: Knex, options: KnexGrantStoreOptions = {}): GrantStore {
  const now = options.now ?? Date.now;

  const matching = (selector: RecordSelector, on = db) =>
    "keyHash" in selector
      ? on<Row>(table).where("encryption_key_hash", Buffer.from(selector.keyHash))
      : on<Row>(table).where("macaroon_head", Buffer.from(selector.macaroonHead));

  /** The number of rows is known before the commit, whose answer may get lost: run again, it would find none. */
  const changed = (change: (tx: Knex) => PromiseLike<number>): Promise<number> => {
    let mayBeDone = 0;
    return repeated(async () => {
      let count = 0;
      try {
        await db.transaction(async (tx) => {
          count = await change(tx);
        });
        return Math.max(count, mayBeDone);
      } catch (error) {
        if (repeatable(error) === "lost") mayBeDone = Math.max(count, mayBeDone);
        throw error;
      }
    }, changeMs);
  };

  const statements = recordStatements(db);

  const put = batched<Row, void>(async (rows) => {
    try {
      await insert(rows);
      return rows.map(() => ({ status: "fulfilled", value: undefined }));
    } catch (error) {
      if (rows.length === 1 || !isPosternError(error, "already-exists")) throw error;
      // One of them is taken, and the others must not suffer for it.
      return Promise.allSettled(rows.map((row) => insert([row])));
    }
  }, writing);

  /** Adds all rows or none. */
  const insert = (rows: readonly Row[]): Promise<void> => {
    let lacking = rows;
    let mayBeDone = false;
    const attempt = async (): Promise<void> => {
      try {
        if (lacking.length > 0) await statements.insert(lacking);
      } catch (error) {
        if (mayBeDone && isTaken(error)) {
          // The connection broke before it could tell that the rows are in. Some may have been deleted since.
          const missing = await notThere(lacking);
          const wereOurs = missing.length < lacking.length;
          lacking = missing;
          if (wereOurs) return attempt();
        }
        mayBeDone ||= repeatable(error) === "lost";
        throw error;
      }
    };
    return repeated(attempt);
  };
  /** A row is there if its secret is. */
  const notThere = async (rows: readonly Row[]): Promise<Row[]> => {
    const found = await statements.select(rows.map((row) => row.encryption_key_hash));
    const secrets = new Set(found.map((row) => row.encrypted_secret_key.toString("hex")));
    return rows.filter((row) => !secrets.has(row.encrypted_secret_key.toString("hex")));
  };

  const get = batched<Buffer, Row | undefined>(async (hashes) => {
    const rows = await repeated(() => statements.select(hashes));
    const byHash = new Map(rows.map((row) => [row.encryption_key_hash.toString("latin1"), row]));
    return hashes.map((hash) => ({ status: "fulfilled", value: byHash.get(hash.toString("latin1")) }));
  }, reading);

  return {
    put: (keyHash, record) => put(rowOf(keyHash, record, now())),

    async get(keyHash) {
      const row = await get(Buffer.from(keyHash));
      if (row === undefined) return undefined;
      const record = recordOf(row);
      return record.expiresAt !== undefined && record.expiresAt <= now() ? undefined : record;
    },

    find: (selector, limit) =>
      repeated(async () => {
        const rows: Row[] = await matching(selector).orderBy("created_at", "desc").limit(limit);
        return rows.map((row) => ({ ...recordOf(row), keyHash: row.encryption_key_hash }));
      }),

    invalidate: (selector, reason) => {
      const fields = { invalidation_reason: reason, invalidated_at: new Date(now()) };
      return changed((tx) =>
        matching(selector, tx).whereNull("invalidated_at").whereNull("invalidation_reason").update(fields),
      );
    },

    unpublish: (selector) => changed((tx) => matching(selector, tx).where("public", true).update({ public: false })),

    delete: (selector) => changed((tx) => matching(selector, tx).delete()),

    deleteExpired: (limit) => {
      const expired = db<Row>(table)
        .select("encryption_key_hash")
        .where("expires_at", "<=", new Date(now()))
        .limit(limit);
      return repeated(() => db<Row>(table).whereIn("encryption_key_hash", expired).delete(), changeMs);
    },

    ping: () =>
      // Who asks wants to know how it is now.
      repeated(async () => {
        await db(table).select("encryption_key_hash").first().options(lookUp);
      }, 0),

    close: () => db.destroy(),
  };
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
  // Storj's service takes either column alone for invalid (storj/edge pkg/auth/authdb/storage.go).
  const isInvalid = row.invalidated_at !== null || (row.invalidation_reason ?? "") !== "";
  const createdAt = millisOf(row.created_at) ?? 0;
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
    createdAt,
    invalidation: isInvalid
      ? { reason: row.invalidation_reason ?? "", at: millisOf(row.invalidated_at) ?? createdAt }
      : undefined,
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
