import type { Key, ObjectInfo, WalkOptions } from "./api.js";
import { startsWithBytes } from "./bytes/bytes.js";
import type { ProjectContext } from "./context.js";
import { CipherSuite } from "./crypto/cipher-suite.js";
import { listObjects, openForSize } from "./list.js";
import { folderPages, type ListScope, maximumPage } from "./list-folder.js";
import { folderOf } from "./list-walk.js";
import { bucketBytes, keyBytes } from "./location.js";
import { objectInfo } from "./object.js";

/** All objects below a prefix, as the satellite lists them: in the order of their encrypted keys. */
export async function* walkObjects(
  context: ProjectContext,
  bucket: string,
  prefix: Key,
  { signal, pageSize = maximumPage }: WalkOptions = {},
): AsyncGenerator<readonly ObjectInfo[]> {
  const start = keyBytes(prefix);
  // The key that is the prefix has an empty cursor: a page of it alone would be followed by itself.
  const limit = Math.min(Math.max(pageSize, 2), maximumPage);
  if (context.store.lookupUnencrypted(bucketBytes(bucket), start)?.pathCipher === CipherSuite.Null) {
    yield* plainPages(context, bucket, start, { signal, limit });
    return;
  }
  const includes = { includeEtagOrCustomMetadata: true };
  const scope: ListScope = { context, bucket: bucketBytes(bucket), pending: false, includes, signal };
  for await (const { items } of folderPages(scope, folderOf(start), true, limit)) {
    const wanted = items.filter(({ key }) => startsWithBytes(key, start));
    if (wanted.length > 0) yield wanted.map((one) => objectInfo(one.key, one.item, openForSize(one)));
  }
}

/** Where keys are not encrypted, listings in their order cost no more. */
async function* plainPages(
  context: ProjectContext,
  bucket: string,
  prefix: Uint8Array,
  options: { readonly signal: AbortSignal | undefined; readonly limit: number },
): AsyncGenerator<readonly ObjectInfo[]> {
  let cursor: Uint8Array | undefined;
  do {
    const page = await listObjects(context, bucket, { prefix, cursor, bare: true, ...options });
    const objects = page.entries.flatMap((entry) => (entry.kind === "object" ? [entry.object] : []));
    if (objects.length > 0) yield objects;
    cursor = page.next;
  } while (cursor !== undefined);
}
