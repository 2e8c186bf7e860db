import { GetObjectRequest, ListSegmentsRequest } from "../proto/gen/metainfo.js";
import type { Key, ObjectPart, VersionSettings } from "./api.js";
import type { ProjectContext } from "./context.js";
import { locate } from "./location.js";
import { openMetadata } from "./metadata.js";
import { plainSizeOf, requireObject } from "./object.js";

/** The parts of an object, by the positions of its segments. Those of objects stored whole are part 0. */
export async function objectParts(
  { store, metainfo }: ProjectContext,
  bucket: string,
  key: Key,
  { version, signal }: VersionSettings = {},
): Promise<readonly ObjectPart[]> {
  const at = locate(store, bucket, key);
  const fields = GetObjectRequest.fromPartial({
    bucket: at.bucket,
    encryptedObjectKey: at.encryptedKey,
    objectVersion: version,
  });
  const object = requireObject((await metainfo.call("getObject", fields, "object", { signal })).object);
  const parts: { partNumber: number; size: number }[] = [];
  let cursorPosition = { partNumber: 0, index: 0 };
  for (;;) {
    const request = ListSegmentsRequest.fromPartial({ streamId: object.streamId, cursorPosition });
    const reply = await metainfo.call("listSegments", request, "object", { signal });
    for (const { position, plainSize } of reply.items) {
      const { partNumber = 0, index = 0 } = position ?? {};
      cursorPosition = { partNumber, index };
      const last = parts.at(-1);
      if (last?.partNumber === partNumber) last.size += plainSize;
      else parts.push({ partNumber, size: plainSize });
    }
    if (!reply.more || reply.items.length === 0) break;
  }
  // Satellites did not always know plain sizes; such objects were stored whole.
  if (parts.length > 1 || (parts[0]?.partNumber ?? 0) > 0) return parts;
  return [{ partNumber: 0, size: plainSizeOf(object.plainSize, openMetadata(object, at.contentKey)) }];
}
