import {
  BeginDeleteObjectRequest,
  BeginObjectRequest,
  CommitObjectRequest,
  Object_Status,
} from "../proto/gen/metainfo.js";
import { RedundancyScheme } from "../proto/gen/pointerdb.js";
import { linkAbort } from "./abort.js";
import type { ByteSource, CustomMetadata, Key, LockOptions, ObjectInfo, PutObjectOptions } from "./api.js";
import { goZeroSeconds, timestampOfMillis } from "./bytes/timestamp.js";
import { commitSurely } from "./commit.js";
import type { ProjectContext } from "./context.js";
import { zeroNonce } from "./crypto/nonce.js";
import { locate, type ObjectLocation } from "./location.js";
import { retentionMessage } from "./lock.js";
import { openMetadata, type SealedMetadata, sealMetadata } from "./metadata.js";
import type { MetainfoClient } from "./metainfo/client.js";
import { objectInfo, requireObject } from "./object.js";
import { encryptedBlockSize } from "./options.js";
import { ByteReader } from "./segment/byte-reader.js";
import { type BeginObjectItem, contentCipher, uploadStream } from "./upload-stream.js";

/** Milliseconds for taking back what a failed upload left. */
const discardTimeoutMs = 10_000;

/** BeginObject as the real uplink sends it, Go's zero values included. */
export function beginObjectRequest(
  at: ObjectLocation,
  { expiresAt, retention, legalHold = false }: { expiresAt?: Date } & LockOptions,
  metadata?: SealedMetadata,
): BeginObjectRequest {
  return BeginObjectRequest.fromPartial({
    bucket: at.bucket,
    encryptedObjectKey: at.encryptedKey,
    expiresAt: expiresAt === undefined ? { seconds: goZeroSeconds, nanos: 0 } : timestampOfMillis(expiresAt.getTime()),
    redundancyScheme: RedundancyScheme.fromPartial({}),
    encryptionParameters: { cipherSuite: contentCipher, blockSize: encryptedBlockSize },
    retention: retentionMessage(retention),
    legalHold,
    ...(metadata ?? { encryptedMetadataNonce: zeroNonce() }),
  });
}

/** Takes a pending upload back. */
export async function discardUpload(
  metainfo: MetainfoClient,
  at: ObjectLocation,
  streamId: Uint8Array,
  settings: { signal?: AbortSignal; timeoutMs?: number } = {},
): Promise<void> {
  const fields = BeginDeleteObjectRequest.fromPartial({
    bucket: at.bucket,
    encryptedObjectKey: at.encryptedKey,
    status: Object_Status.UPLOADING,
    streamId,
  });
  await metainfo.call("beginDeleteObject", fields, "multipart", settings);
}

export async function putObject(
  context: ProjectContext,
  bucket: string,
  key: Key,
  body: ByteSource,
  options: PutObjectOptions = {},
): Promise<ObjectInfo> {
  const { metainfo } = context;
  const at = locate(context.store, bucket, key);
  const begin: BeginObjectItem = { $case: "objectBegin", value: beginObjectRequest(at, options) };
  const reader = new ByteReader(body);
  const abort = new AbortController();
  const { signal } = abort;
  const unlink = linkAbort(options.signal, abort);
  let pending: Promise<Uint8Array> | undefined;
  let begun = false;
  try {
    const target = { partNumber: 0, pathKey: at.contentKey, stream: { begin } };
    const end = await uploadStream(context, "upload", target, reader, abort, (streamId) => {
      pending = streamId;
      streamId.then(
        () => {
          begun = true;
        },
        () => undefined, // told by the upload itself
      );
    });
    const custom: CustomMetadata = (await resolveValue(options.custom)) ?? {};
    const etag = await resolveValue(options.etag);
    const metadata = sealMetadata(
      {
        custom,
        etag,
        segmentsSize: context.options.segmentSize,
        lastSegmentSize: end.lastSegmentSize,
      },
      { cipherSuite: contentCipher, contentKey: at.contentKey },
    );
    const last = await end.lastItem(new Uint8Array(0));
    const commit = CommitObjectRequest.fromPartial({
      streamId: end.streamId,
      ifNoneMatch: options.ifNoneMatch ? ["*"] : [],
      ...metadata,
    });
    const items = [last, { $case: "objectCommit", value: commit }] as const;
    const commitOnce = async () =>
      end.streamId === undefined
        ? (await metainfo.batch([begin, ...items], "upload", { signal }))[2].object
        : (await metainfo.batch(items, "upload", { signal }))[1].object;
    const committed = await commitSurely(metainfo, at, metadata.encryptedMetadataNonce, signal, commitOnce);
    const object = requireObject(committed);
    return {
      ...objectInfo(at.key, object, openMetadata(object, at.contentKey)),
      size: end.plainSize,
    };
  } catch (error) {
    abort.abort(error);
    // The caller hears of the first failure; what stays pending is never visible, and the satellite removes it in time.
    const discarded = pending
      ?.then((streamId) => discardUpload(metainfo, at, streamId, { timeoutMs: discardTimeoutMs }))
      .catch(() => undefined);
    if (begun) await discarded; // else nobody waits for a satellite that has not answered yet
    throw error;
  } finally {
    unlink();
    // Not awaited: a source that waits for more data can only end when that comes.
    void reader.close().catch(() => undefined);
  }
}

/** A value, or what a function answers when it is asked. */
export async function resolveValue<T extends object>(
  value: T | (() => T | Promise<T>) | undefined,
): Promise<T | undefined> {
  return typeof value === "function" ? await (value as () => T | Promise<T>)() : value;
}
