import { allowedBuckets } from "../../../core/access/check.js";
import { toHex } from "../../../core/bytes/bytes.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import { type ListBucketsRequest, type ListBucketsResponse, ListDirection } from "../../../proto/gen/metainfo.js";
import { Action, unauthorized } from "../access/caller.js";
import { type BucketRecord, listBucketRows } from "../data/buckets.js";
import { timestampOfMicros } from "../data/times.js";
import type { Handler } from "./handler.js";

/** More than a project has buckets; bounds what one call reads at a time. */
const defaultLimit = 10_000;

export const listBuckets: Handler<ListBucketsRequest, ListBucketsResponse> = async (satellite, request) => {
  const caller = await satellite.access.caller(request.header);
  const action = { op: Action.Read, time: caller.time };
  await caller.require(action);
  const allowed = allowedBuckets(caller.key, action);
  if (allowed === undefined) throw unauthorized();
  const names = allowed.all ? undefined : new Set(allowed.buckets.map(toHex));

  const { direction } = request;
  if (direction !== ListDirection.FORWARD && direction !== ListDirection.AFTER) {
    throw rpcError(RpcStatus.Unknown, "metainfo: unknown list direction");
  }
  const limit = request.limit < 1 ? defaultLimit : Math.min(request.limit, defaultLimit);
  const found: BucketRecord[] = [];
  let cursor = request.cursor;
  let inclusive = direction === ListDirection.FORWARD;
  let more = true;
  while (more && found.length <= limit) {
    const rows = await listBucketRows(satellite.db.read, caller.project.id, cursor, inclusive, limit + 1);
    found.push(...rows.filter((row) => names?.has(toHex(row.name)) ?? true));
    more = rows.length > limit;
    cursor = rows.at(-1)?.name ?? cursor;
    inclusive = false;
  }
  return {
    items: found.slice(0, limit).map((bucket) => ({
      name: bucket.name,
      createdAt: timestampOfMicros(bucket.createdAt),
      userAgent: bucket.userAgent ?? new Uint8Array(0),
    })),
    more: found.length > limit,
  };
};
