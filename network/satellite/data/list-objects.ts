import { compareBytes, concatBytes, startsWithBytes } from "../../../core/bytes/bytes.js";
import type { Queries, SqlValue } from "../db/queries.js";
import { afterPrefix, cutAfter } from "./key-bytes.js";
import { checksumColumns, type ObjectRecord } from "./object-record.js";
import { isDeleteMarker, ObjectStatus } from "./object-status.js";
import type { Micros } from "./times.js";

export interface ListObjects {
  readonly projectId: Uint8Array;
  readonly bucket: Uint8Array;
  /** Only keys that begin with these bytes. */
  readonly prefix: Uint8Array;
  readonly delimiter: Uint8Array;
  /** False folds what follows a delimiter into one entry. */
  readonly recursive: boolean;
  /** Entries after this one; `key` is a whole key. Without a version all of the key's versions are behind. */
  readonly cursor: { readonly key: Uint8Array; readonly version: number | undefined } | undefined;
  /** Uploads under way instead of objects. */
  readonly pending: boolean;
  /** Every version of a key, newest first; false for the newest alone. */
  readonly allVersions: boolean;
  readonly limit: number;
  readonly now: Micros;
  /** Which objects come with their metadata: reading what nobody asked for is most of a listing's cost. */
  readonly metadata: "all" | "without-etag" | "none";
}

/** What a listing tells of an object. `metadata` is null also where it was not asked for. */
export type ListedObject = Pick<
  ObjectRecord,
  | "key"
  | "version"
  | "streamId"
  | "status"
  | "createdAt"
  | "expiresAt"
  | "segmentCount"
  | "metadata"
  | "metadataNonce"
  | "metadataKey"
  | "etag"
  | "checksumAlgorithm"
  | "checksumComposite"
  | "checksum"
  | "plainSize"
  | "cipher"
  | "blockSize"
>;

const metadataSql = {
  all: "encrypted_metadata",
  "without-etag": "CASE WHEN encrypted_etag IS NULL THEN encrypted_metadata END",
  none: "NULL",
};

const listedColumns = (metadata: ListObjects["metadata"]) => `
  object_key AS "key", version, stream_id AS "streamId", status, created_at AS "createdAt",
  expires_at AS "expiresAt", segment_count AS "segmentCount", ${metadataSql[metadata]} AS "metadata",
  encrypted_metadata_nonce AS "metadataNonce", encrypted_metadata_encrypted_key AS "metadataKey",
  encrypted_etag AS "etag", ${checksumColumns}, total_plain_size AS "plainSize",
  encryption_cipher AS "cipher", encryption_block_size AS "blockSize"`;

/** A key with the prefix taken off, and the object, or no object where the entry stands for a folded prefix. */
export interface ListedEntry {
  readonly key: Uint8Array;
  readonly object: ListedObject | undefined;
  /** The newest of the key's versions. */
  readonly latest: boolean;
}

export interface ListedPage {
  readonly entries: readonly ListedEntry[];
  readonly more: boolean;
}

/** Rows asked for at a time: a page and the one row that tells of more, unless prefixes fold many rows away. */
const minBatch = 100;

/** Where the next batch begins: keys from `key` on, and of `key` itself only versions past `version`. */
interface Position {
  readonly key: Uint8Array;
  readonly version: number | undefined;
  /** False when `key` itself is behind, with all its versions. */
  readonly inclusive: boolean;
}

/**
 * Objects or uploads in byte order of their keys; versions newest first, uploads oldest first
 * (storj/storj satellite/metabase/list_objects.go).
 */
export async function listObjects(db: Queries, list: ListObjects): Promise<ListedPage> {
  const entries: ListedEntry[] = [];
  const batch = Math.max(list.limit + 1, minBatch);
  let position = startPosition(list);
  let previousKey = await resumedKey(db, list);

  while (position !== undefined) {
    const rows = await readBatch(db, list, position, batch);
    let skipped: Uint8Array | undefined;
    for (const row of rows) {
      // Rows below a prefix that was folded already: the query after this batch begins behind them.
      if (skipped !== undefined && startsWithBytes(row.key, skipped)) continue;
      skipped = undefined;

      const key = row.key.subarray(list.prefix.length);
      const folded = list.recursive ? undefined : cutAfter(key, list.delimiter);
      if (folded !== undefined) {
        entries.push({ key: folded, object: undefined, latest: false });
        skipped = concatBytes(list.prefix, folded);
        previousKey = undefined;
      } else {
        const latest = previousKey === undefined || compareBytes(previousKey, row.key) !== 0;
        previousKey = row.key;
        if (!list.pending && !list.allVersions && (!latest || isDeleteMarker(row.status))) continue;
        entries.push({ key, object: row, latest: latest && !list.pending });
      }
      if (entries.length > list.limit) return { entries: entries.slice(0, list.limit), more: true };
    }
    if (rows.length < batch) return { entries, more: false };
    position = nextPosition(list, rows[rows.length - 1]!, skipped);
  }
  return { entries, more: false };
}

/** Undefined when nothing can follow the cursor. */
function startPosition(list: ListObjects): Position | undefined {
  const { cursor, prefix } = list;
  if (cursor === undefined) return { key: prefix, version: undefined, inclusive: true };
  if (!startsWithBytes(cursor.key, prefix)) {
    const before = compareBytes(cursor.key, prefix) < 0;
    return before ? { key: prefix, version: undefined, inclusive: true } : undefined;
  }
  if (!list.recursive) {
    const folded = cutAfter(cursor.key.subarray(prefix.length), list.delimiter);
    if (folded !== undefined) {
      const next = afterPrefix(folded);
      return next && { key: concatBytes(prefix, next), version: undefined, inclusive: true };
    }
  }
  const withVersion = list.allVersions || list.pending ? cursor.version : undefined;
  return { key: cursor.key, version: withVersion, inclusive: withVersion !== undefined };
}

const passedSql = `SELECT 1 AS found FROM objects
  WHERE project_id = ? AND bucket_name = ? AND object_key = ? AND version >= ? AND status <> ${ObjectStatus.Pending}
    AND (expires_at IS NULL OR expires_at > ?) LIMIT 1`;

/** The key that a listing goes on in the middle of, if its newest version was passed. */
async function resumedKey(db: Queries, list: ListObjects): Promise<Uint8Array | undefined> {
  const { cursor } = list;
  if (cursor?.version === undefined || !list.allVersions || list.pending) return undefined;
  const params = [list.projectId, list.bucket, cursor.key, cursor.version, list.now];
  return (await db.first(passedSql, params)) === undefined ? undefined : cursor.key;
}

function nextPosition(list: ListObjects, last: ListedObject, skipped: Uint8Array | undefined): Position | undefined {
  if (skipped !== undefined) {
    const next = afterPrefix(skipped);
    return next && { key: next, version: undefined, inclusive: true };
  }
  if (list.allVersions || list.pending) return { key: last.key, version: last.version, inclusive: true };
  return { key: last.key, version: undefined, inclusive: false };
}

async function readBatch(db: Queries, list: ListObjects, from: Position, limit: number): Promise<ListedObject[]> {
  const conditions = ["project_id = ?", "bucket_name = ?"];
  const params: SqlValue[] = [list.projectId, list.bucket];
  if (from.version !== undefined) {
    conditions.push(`(object_key > ? OR (object_key = ? AND version ${list.pending ? ">" : "<"} ?))`);
    // Bounds the scan of the index, which the condition above does not.
    conditions.push("object_key >= ?");
    params.push(from.key, from.key, from.version, from.key);
  } else {
    conditions.push(from.inclusive ? "object_key >= ?" : "object_key > ?");
    params.push(from.key);
  }
  const stop = list.prefix.length === 0 ? undefined : afterPrefix(list.prefix);
  if (stop !== undefined) {
    conditions.push("object_key < ?");
    params.push(stop);
  }
  conditions.push(list.pending ? `status = ${ObjectStatus.Pending}` : `status <> ${ObjectStatus.Pending}`);
  conditions.push("(expires_at IS NULL OR expires_at > ?)");
  params.push(list.now, limit);
  const order = list.pending ? "ASC" : "DESC";
  return db.all<ListedObject>(
    `SELECT ${listedColumns(list.metadata)} FROM objects WHERE ${conditions.join(" AND ")}
      ORDER BY object_key ASC, version ${order} LIMIT ?`,
    params,
  );
}
