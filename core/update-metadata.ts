import { GetObjectRequest, UpdateObjectMetadataRequest } from "../proto/gen/metainfo.js";
import type { Key, UpdateMetadataOptions } from "./api.js";
import type { ProjectContext } from "./context.js";
import { locate } from "./location.js";
import { openMetadata, sealMetadata, withoutIdleKey } from "./metadata.js";
import { requireObject } from "./object.js";

/**
 * Metadata is sealed with a key of its own that is never used twice, so the ETag is sealed again with it. Sizes of
 * segments, which old objects keep there, stay. Source: storj/uplink private/metaclient/objects.go.
 */
export async function updateMetadata(
  { store, metainfo }: ProjectContext,
  bucket: string,
  key: Key,
  { custom, etag, signal }: UpdateMetadataOptions,
): Promise<void> {
  const at = locate(store, bucket, key);
  const place = { bucket: at.bucket, encryptedObjectKey: at.encryptedKey };
  const get = GetObjectRequest.fromPartial({ ...place, redundancySchemePerSegment: true });
  const [reply] = await metainfo.batch([{ $case: "objectGet", value: get }], "object", { signal });
  const object = requireObject(reply.object);
  const opened = openMetadata(object, at.contentKey);
  const sealed = sealMetadata(
    {
      custom,
      etag: etag ?? opened.etag,
      segmentsSize: opened.segmentsSize,
      lastSegmentSize: opened.lastSegmentSize,
    },
    { cipherSuite: opened.cipherSuite, contentKey: at.contentKey },
  );
  const fields = UpdateObjectMetadataRequest.fromPartial({
    ...place,
    ...withoutIdleKey(sealed),
    streamId: object.streamId,
    setEncryptedEtag: etag !== undefined || opened.etag !== undefined,
  });
  await metainfo.call("updateObjectMetadata", fields, "object", { signal });
}
