import { compareBytes, concatBytes, startsWithBytes } from "../../core/bytes/bytes.js";
import type { MetainfoClient } from "../../core/metainfo/client.js";
import {
  type BatchResponseItem,
  type ListObjectsRequest,
  Object_Status,
  ObjectListItem,
} from "../../proto/gen/metainfo.js";

/**
 * As much of a satellite as listing needs: items in the order of their encrypted keys, with prefixes, delimiters,
 * cursors and pages as storj/storj satellite/metabase/iterator.go makes them.
 */
export function listingSatellite(items: readonly ObjectListItem[], maximumPage = 1000) {
  const sorted = [...items].sort((a, b) => compareBytes(a.encryptedObjectKey, b.encryptedObjectKey));
  let calls = 0;

  function list(request: ListObjectsRequest): { items: ObjectListItem[]; more: boolean } {
    calls++;
    const { delimiter } = request;
    let prefix = request.encryptedPrefix;
    if (prefix.length > 0 && !request.arbitraryPrefix && !endsWith(prefix, delimiter)) {
      prefix = concatBytes(prefix, delimiter);
    }
    const limit = Math.min(request.limit || maximumPage, maximumPage);
    const found: ObjectListItem[] = [];
    let skip: Uint8Array | undefined;
    const at = indexOf(request.encryptedCursor, delimiter, 0);
    if (!request.recursive && at >= 0) skip = request.encryptedCursor.subarray(0, at + delimiter.length);
    for (const item of sorted) {
      if (!startsWithBytes(item.encryptedObjectKey, prefix)) continue;
      const key = item.encryptedObjectKey.subarray(prefix.length);
      if (skip !== undefined && startsWithBytes(key, skip)) continue;
      const afterCursor = compareBytes(key, request.encryptedCursor);
      if (request.encryptedCursor.length > 0 && afterCursor < 0) continue;
      if (request.encryptedCursor.length > 0 && afterCursor === 0) {
        if (request.versionCursor.length === 0 || compareBytes(item.objectVersion, request.versionCursor) <= 0)
          continue;
      }
      if (found.length === limit) return { items: found, more: true };
      const end = request.recursive ? -1 : indexOf(key, delimiter, 0);
      if (end < 0) found.push({ ...item, encryptedObjectKey: key });
      else {
        skip = key.subarray(0, end + delimiter.length);
        found.push(ObjectListItem.fromPartial({ encryptedObjectKey: skip, status: Object_Status.PREFIX }));
      }
    }
    return { items: found, more: false };
  }

  const metainfo = {
    satellite: { address: "fake" },
    async batch(requests: readonly { $case: string; value: unknown }[]) {
      return requests.map(({ $case, value }) => {
        if ($case !== "objectList") throw new Error(`unexpected ${$case}`);
        return list(value as ListObjectsRequest);
      }) as unknown as BatchResponseItem[];
    },
    call() {
      throw new Error("unexpected call");
    },
  };
  return {
    metainfo: metainfo as unknown as MetainfoClient,
    get calls() {
      return calls;
    },
  };
}

function indexOf(bytes: Uint8Array, what: Uint8Array, from: number): number {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).indexOf(what, from);
}

function endsWith(bytes: Uint8Array, end: Uint8Array): boolean {
  return bytes.length >= end.length && compareBytes(bytes.subarray(bytes.length - end.length), end) === 0;
}
