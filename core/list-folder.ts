import {
  ListObjectsRequest,
  Object_Status,
  type ObjectListItem,
  type ObjectListItemIncludes,
} from "../proto/gen/metainfo.js";
import { compareBytes } from "./bytes/bytes.js";
import { compareTimestamps } from "./bytes/timestamp.js";
import type { ProjectContext } from "./context.js";
import { prefixInfo } from "./crypto/path.js";
import { ListedKeys } from "./list-keys.js";
import type { ListBound } from "./list-select.js";

/** What to list: committed objects or pending uploads, with what. */
export interface ListScope {
  readonly context: ProjectContext;
  readonly bucket: Uint8Array;
  readonly pending: boolean;
  /** All versions rather than the newest; false when absent. */
  readonly versions?: boolean;
  readonly includes: Partial<ObjectListItemIncludes>;
  readonly signal: AbortSignal | undefined;
}

/** An item with its plain key, or a prefix (which ends with the delimiter). */
export interface ListedItem {
  readonly key: Uint8Array;
  readonly isPrefix: boolean;
  readonly item: ObjectListItem;
  /** Content key of the path. */
  contentKey(): Uint8Array;
}

/** By key; pending uploads of one key by age, its versions with the newest first. */
export function compareListed(a: ListedItem, b: ListedItem): number {
  const byKey = compareBytes(a.key, b.key);
  if (byKey === 0 && a.item.streamId.length === 0) return compareBytes(b.item.objectVersion, a.item.objectVersion);
  if (byKey !== 0 || a.item.createdAt === undefined || b.item.createdAt === undefined) return byKey;
  return compareTimestamps(a.item.createdAt, b.item.createdAt) || compareBytes(a.item.streamId, b.item.streamId);
}

/** The largest page that satellites answer (storj/storj satellite/metabase, ListLimit). */
export const maximumPage = 1000;

const slash = Uint8Array.of(0x2f);

/** One call; fields that the scope decides are filled in. */
export async function listPage(
  { context, bucket, pending, versions = false, includes, signal }: ListScope,
  fields: Pick<ListObjectsRequest, "encryptedPrefix" | "encryptedCursor" | "versionCursor" | "recursive" | "limit"> &
    Partial<ListObjectsRequest>,
): Promise<{ items: ObjectListItem[]; more: boolean }> {
  const value = ListObjectsRequest.fromPartial({
    delimiter: slash,
    ...fields,
    bucket,
    status: pending ? Object_Status.UPLOADING : Object_Status.INVALID,
    includeAllVersions: versions,
    useObjectIncludes: true,
    objectIncludes: includes,
  });
  const [reply] = await context.metainfo.batch([{ $case: "objectList", value }], "list", { signal });
  return reply;
}

/**
 * Everything below a folder, page by page, in the order of the encrypted keys. What cannot be decrypted belongs to
 * another passphrase and is left out, as the real uplink does.
 * @param folder empty, or ending with a slash
 */
export async function* folderPages(
  scope: ListScope,
  folder: Uint8Array,
  recursive: boolean,
  limit = maximumPage,
): AsyncGenerator<{ items: ListedItem[]; more: boolean }> {
  const { parentEnc, parentKey, cipher } = prefixInfo(scope.context.store, scope.bucket, folder);
  const keys = new ListedKeys(folder, cipher, parentKey);
  let encryptedCursor = new Uint8Array(0);
  let versionCursor = new Uint8Array(0);
  for (;;) {
    const page = { encryptedPrefix: parentEnc, encryptedCursor, versionCursor, recursive, limit };
    const reply = await listPage(scope, page);
    const items: ListedItem[] = [];
    for (const item of reply.items) {
      const isPrefix = item.status === Object_Status.PREFIX;
      const opened = keys.open(item.encryptedObjectKey, isPrefix);
      if (opened !== undefined) items.push({ ...opened, isPrefix, item });
    }
    const last = reply.items.at(-1);
    const more = reply.more && last !== undefined;
    yield { items, more };
    if (!more || last === undefined) return;
    encryptedCursor = Uint8Array.from(last.encryptedObjectKey);
    versionCursor = Uint8Array.from(last.objectVersion);
  }
}

/** The bound after an item. */
export function boundAfter({ versions }: ListScope, { key, item }: ListedItem): ListBound {
  return { afterKey: key, afterVersion: versions ? item.objectVersion : undefined };
}
