import {
  CommitObjectRequest,
  GetPendingObjectMetadataRequest,
  ListPendingObjectStreamsRequest,
  ListSegmentsRequest,
  type SegmentListItem,
} from "../proto/gen/metainfo.js";
import { linkAbort } from "./abort.js";
import type {
  BeginUploadOptions,
  ByteSource,
  CallSettings,
  CommitUploadOptions,
  CustomMetadata,
  Key,
  ObjectInfo,
  PartInfo,
  UploadInfo,
  UploadPartOptions,
} from "./api.js";
import { decodeBase58Check, encodeBase58Check } from "./bytes/base58check.js";
import { equalBytes, utf8Text } from "./bytes/bytes.js";
import { commitSurely } from "./commit.js";
import type { ProjectContext } from "./context.js";
import { decryptKey } from "./crypto/cipher.js";
import { isPosternError, PosternError } from "./errors.js";
import { locate, type ObjectLocation } from "./location.js";
import { openMetadata, openPartEtag, type SealedMetadata, sealMetadata, sealPartEtag } from "./metadata.js";
import { dateOf, objectInfo, requireObject } from "./object.js";
import { emptySegments, laterSegments } from "./part-leftovers.js";
import { ByteReader } from "./segment/byte-reader.js";
import { beginObjectRequest, discardUpload, resolveValue } from "./upload.js";
import { contentCipher, uploadStream } from "./upload-stream.js";

/** Version byte of upload ids (storj/uplink multipart.go). */
const uploadIdVersion = 1;
const maximumIndex = 2 ** 31 - 1;

export function uploadIdText(streamId: Uint8Array): string {
  return encodeBase58Check(streamId, uploadIdVersion);
}

/** @throws PosternError upload-not-found for what can be no upload id */
export function streamIdOf(uploadId: string): Uint8Array {
  try {
    const { payload, version } = decodeBase58Check(uploadId);
    if (version === uploadIdVersion && payload.length > 0) return payload;
  } catch (error) {
    throw new PosternError("upload-not-found", "upload id is malformed", { cause: error });
  }
  throw new PosternError("upload-not-found", "upload id is malformed");
}

export async function beginUpload(
  { store, metainfo }: ProjectContext,
  bucket: string,
  key: Key,
  options: BeginUploadOptions = {},
): Promise<UploadInfo> {
  const at = locate(store, bucket, key);
  const { custom = {}, signal } = options;
  const metadata =
    Object.keys(custom).length === 0
      ? undefined
      : sealMetadata({ custom }, { cipherSuite: contentCipher, contentKey: at.contentKey });
  const reply = await metainfo.call("beginObject", beginObjectRequest(at, options, metadata), "upload", { signal });
  return {
    uploadId: uploadIdText(reply.streamId),
    key: utf8Text(at.key),
    keyBytes: at.key,
    createdAt: new Date(),
    custom,
  };
}

export async function uploadPart(
  context: ProjectContext,
  bucket: string,
  key: Key,
  uploadId: string,
  partNumber: number,
  body: ByteSource,
  options: UploadPartOptions = {},
): Promise<PartInfo> {
  if (!Number.isInteger(partNumber) || partNumber < 1 || partNumber > maximumIndex) {
    throw new PosternError("invalid-argument", "part number is out of range");
  }
  const at = locate(context.store, bucket, key);
  const streamId = streamIdOf(uploadId);
  const target = { partNumber, pathKey: at.contentKey, stream: { id: streamId } };
  const reader = new ByteReader(body);
  const abort = new AbortController();
  const unlink = linkAbort(options.signal, abort);
  try {
    const before = laterSegments(context, streamId, partNumber, abort.signal);
    before.catch((error: unknown) => abort.abort(error));
    const end = await uploadStream(context, "multipart", target, reader, abort, () => undefined);
    const etag = await resolveValue(options.etag);
    const sealed = sealPartEtag(etag ?? new Uint8Array(0), contentCipher, end.lastContentKey);
    const lastIndex = (end.plainSize - end.lastSegmentSize) / context.options.segmentSize;
    const leftovers = (await before).filter((index) => index > lastIndex);
    const items = [await end.lastItem(sealed), ...emptySegments(target, leftovers, etag)];
    await context.metainfo.batch(items, "multipart", { signal: abort.signal });
    return { partNumber, size: end.plainSize, modifiedAt: new Date(), etag };
  } catch (error) {
    abort.abort(error);
    throw error;
  } finally {
    unlink();
    void reader.close().catch(() => undefined); // see putObject
  }
}

export async function commitUpload(
  context: ProjectContext,
  bucket: string,
  key: Key,
  uploadId: string,
  options: CommitUploadOptions = {},
): Promise<ObjectInfo> {
  const { store, metainfo } = context;
  const at = locate(store, bucket, key);
  const streamId = streamIdOf(uploadId);
  const { etag, signal } = options;
  let metadata: SealedMetadata | undefined;
  if (options.custom !== undefined || etag !== undefined) {
    // The ETag is sealed with the key of the metadata, so metadata from the start has to be sealed again with it.
    const custom = options.custom ?? (await pendingMetadata(context, at, streamId, signal));
    metadata = sealMetadata({ custom, etag }, { cipherSuite: contentCipher, contentKey: at.contentKey });
  }
  const value = CommitObjectRequest.fromPartial({
    streamId,
    ifNoneMatch: options.ifNoneMatch ? ["*"] : [],
    ...metadata,
  });
  const commitOnce = async () => (await metainfo.call("commitObject", value, "multipart", { signal })).object;
  const committed = await commitSurely(metainfo, at, metadata?.encryptedMetadataNonce, signal, commitOnce);
  const object = requireObject(committed);
  return objectInfo(at.key, object, openMetadata(object, at.contentKey));
}

export function uploadMetadata(
  context: ProjectContext,
  bucket: string,
  key: Key,
  uploadId: string,
  { signal }: CallSettings = {},
): Promise<CustomMetadata> {
  return pendingMetadata(context, locate(context.store, bucket, key), streamIdOf(uploadId), signal);
}

/** Custom metadata that the upload was begun with. */
async function pendingMetadata(
  { metainfo }: ProjectContext,
  { bucket, encryptedKey: encryptedObjectKey, contentKey }: ObjectLocation,
  streamId: Uint8Array,
  signal: AbortSignal | undefined,
): Promise<CustomMetadata> {
  try {
    const fields = GetPendingObjectMetadataRequest.fromPartial({ bucket, encryptedObjectKey, streamId });
    const reply = await metainfo.call("getPendingObjectMetadata", fields, "multipart", { signal });
    return openMetadata(reply, contentKey).custom;
  } catch (error) {
    // Older satellites have no such method; an unknown one answers with status 0.
    if (!isPosternError(error, "unimplemented", "unknown")) throw error;
  }
  const fields = ListPendingObjectStreamsRequest.fromPartial({ bucket, encryptedObjectKey });
  const { items } = await metainfo.call("listPendingObjectStreams", fields, "multipart", { signal });
  const mine = items.find((item) => equalBytes(item.streamId, streamId));
  if (mine === undefined) throw new PosternError("upload-not-found", "there is no such upload");
  return openMetadata(mine, contentKey).custom;
}

export async function abortUpload(
  { store, metainfo }: ProjectContext,
  bucket: string,
  key: Key,
  uploadId: string,
  { signal }: CallSettings = {},
): Promise<void> {
  await discardUpload(metainfo, locate(store, bucket, key), streamIdOf(uploadId), { signal });
}

export async function listParts(
  context: ProjectContext,
  bucket: string,
  key: Key,
  uploadId: string,
  options: CallSettings & { after?: number; limit?: number } = {},
): Promise<{ parts: readonly PartInfo[]; more: boolean }> {
  const { store, metainfo } = context;
  const { after = 0, limit = 1000, signal } = options;
  const at = locate(store, bucket, key);
  const streamId = streamIdOf(uploadId);
  const parts: PartInfo[] = [];
  // Satellites go on listing the segments of an upload that is gone until they remove them, or list none without a word.
  const pending = requirePending(context, at, streamId, signal);
  pending.catch(() => undefined); // seen below
  // After the last segment of part `after`. Position 0/0 means the start.
  let cursorPosition = { partNumber: after, index: after > 0 ? maximumIndex : 0 };
  for (;;) {
    const fields = ListSegmentsRequest.fromPartial({ streamId, cursorPosition });
    const reply = await metainfo.call("listSegments", fields, "multipart", { signal });
    const cipherSuite = reply.encryptionParameters?.cipherSuite ?? contentCipher;
    for (const item of reply.items) {
      const { partNumber = 0, index = 0 } = item.position ?? {};
      cursorPosition = { partNumber, index };
      const part = partOf(partNumber, item, cipherSuite, at.contentKey);
      const former = parts.at(-1);
      if (former?.partNumber === partNumber) parts[parts.length - 1] = joinParts(former, part);
      else if (parts.length === limit) {
        await pending;
        return { parts, more: true };
      } else parts.push(part);
    }
    if (reply.more && reply.items.length > 0) continue;
    await pending;
    return { parts, more: false };
  }
}

/** Fails with `upload-not-found` when the upload is gone, as far as the grant may see. */
async function requirePending(...args: Parameters<typeof pendingMetadata>): Promise<void> {
  try {
    await pendingMetadata(...args);
  } catch (error) {
    // On older satellites only who may list finds out.
    if (!isPosternError(error, "permission-denied")) throw error;
  }
}

function partOf(partNumber: number, item: SegmentListItem, cipherSuite: number, pathKey: Uint8Array): PartInfo {
  const key = () => decryptKey(item.encryptedKey, cipherSuite, pathKey, item.encryptedKeyNonce);
  return {
    partNumber,
    size: item.plainSize,
    modifiedAt: dateOf(item.createdAt) ?? new Date(0),
    etag: item.encryptedETag.length === 0 ? undefined : openPartEtag(item.encryptedETag, cipherSuite, key()),
  };
}

/** Adds a further segment: the size grows, time and ETag are the last ones (storj/uplink multipart_iterators.go). */
function joinParts(former: PartInfo, later: PartInfo): PartInfo {
  return {
    partNumber: former.partNumber,
    size: former.size + later.size,
    modifiedAt: new Date(Math.max(later.modifiedAt.getTime(), former.modifiedAt.getTime())),
    etag: later.etag,
  };
}
