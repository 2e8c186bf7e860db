import { fromHex, toHex } from "../bytes/bytes.js";
import { PosternError } from "../errors.js";
import { accessKeyIdLength, keyHashOf, parseAccessKeyId } from "./access-key.js";
import type { FoundGrantRecord, GrantStore, RecordSelector } from "./grant-store.js";

/** What an administrator may see of a record; nothing of it opens anything. Times are RFC 3339. */
export interface RecordSummary {
  readonly keyHash: string;
  readonly macaroonHead: string;
  readonly satelliteAddress: string;
  readonly public: boolean;
  readonly usageTags: readonly string[];
  readonly publicProjectId: string | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly invalidatedAt: string | null;
  readonly invalidationReason: string | null;
}

/** Records by access key id (one) or by macaroon head in hex (all of one API key and what was derived of it). */
export interface RecordsAdmin {
  /** Also expired and invalidated records, at most 1 000. */
  show(which: string): Promise<RecordSummary[]>;
  /** These return how many records changed; `invalid-argument` without a reason. */
  invalidate(which: string, reason: string): Promise<number>;
  unpublish(which: string): Promise<number>;
  delete(which: string): Promise<number>;
}

const shownAtMost = 1_000;

export function createRecordsAdmin(store: GrantStore): RecordsAdmin {
  return {
    show: async (which) => (await store.find(recordSelector(which), shownAtMost)).map(summaryOf),
    async invalidate(which, reason) {
      if (reason.trim() === "") throw new PosternError("invalid-argument", "a reason is needed to invalidate records");
      return store.invalidate(recordSelector(which), reason);
    },
    unpublish: async (which) => store.unpublish(recordSelector(which)),
    delete: async (which) => store.delete(recordSelector(which)),
  };
}

/** Throws `invalid-argument`; the text given is not repeated, as it may be a secret in the wrong place. */
export function recordSelector(which: string): RecordSelector {
  if (which.length === accessKeyIdLength) return { keyHash: keyHashOf(parseAccessKeyId(which)) };
  if (/^[0-9a-f]{64}$/i.test(which)) return { macaroonHead: fromHex(which.toLowerCase()) };
  throw new PosternError("invalid-argument", "records are named by access key id, or by macaroon head in hex");
}

function summaryOf(record: FoundGrantRecord): RecordSummary {
  return {
    keyHash: toHex(record.keyHash),
    macaroonHead: toHex(record.macaroonHead),
    satelliteAddress: record.satelliteAddress,
    public: record.public,
    usageTags: record.usageTags,
    publicProjectId: record.publicProjectId === undefined ? null : toHex(record.publicProjectId),
    createdAt: new Date(record.createdAt).toISOString(),
    expiresAt: record.expiresAt === undefined ? null : new Date(record.expiresAt).toISOString(),
    invalidatedAt: record.invalidation === undefined ? null : new Date(record.invalidation.at).toISOString(),
    invalidationReason: record.invalidation?.reason ?? null,
  };
}
