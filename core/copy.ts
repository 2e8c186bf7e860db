import { randomBytes } from "node:crypto";
import {
  BeginCopyObjectRequest,
  type BeginCopyObjectResponse,
  BeginMoveObjectRequest,
  type BeginMoveObjectResponse,
  FinishCopyObjectRequest,
  FinishMoveObjectRequest,
} from "../proto/gen/metainfo.js";
import type { CallSettings, CopyObjectOptions, ObjectInfo, ObjectSource, ObjectTarget } from "./api.js";
import type { ProjectContext } from "./context.js";
import { locate, type ObjectLocation } from "./location.js";
import { retentionMessage } from "./lock.js";
import { openMetadata, rewrapKey, sealMetadata, withoutIdleKey } from "./metadata.js";
import { objectInfo, requireObject } from "./object.js";
import { contentCipher } from "./upload-stream.js";

/** The bytes stay on the nodes; what changes is the path, and with it what wraps the keys. */
export async function copyObject(
  { store, metainfo }: ProjectContext,
  source: ObjectSource,
  target: ObjectTarget,
  options: CopyObjectOptions = {},
): Promise<ObjectInfo> {
  const { replace, ifNoneMatch = false, retention, legalHold = false, signal } = options;
  const from = locate(store, source.bucket, source.key);
  const to = locate(store, target.bucket, target.key);
  const begin = BeginCopyObjectRequest.fromPartial({ ...placesOf(from, to), objectVersion: source.version });
  const begun = await metainfo.call("beginCopyObject", begin, "object", { signal });
  const keys = { cipherSuite: contentCipher, contentKey: to.contentKey };
  const sealed = replace && withoutIdleKey(sealMetadata(replace, keys));
  const finish = FinishCopyObjectRequest.fromPartial({
    ...newKeys(begun, from, to),
    newBucket: to.bucket,
    newEncryptedObjectKey: to.encryptedKey,
    retention: retentionMessage(retention),
    legalHold,
    ifNoneMatch: ifNoneMatch ? ["*"] : [],
    ...(sealed && {
      overrideMetadata: true,
      newEncryptedMetadata: sealed.encryptedMetadata,
      newEncryptedMetadataKey: sealed.encryptedMetadataEncryptedKey,
      newEncryptedMetadataKeyNonce: sealed.encryptedMetadataNonce,
      newEncryptedEtag: sealed.encryptedEtag,
    }),
  });
  const reply = await metainfo.call("finishCopyObject", finish, "object", { signal });
  const object = requireObject(reply.object);
  return objectInfo(to.key, object, openMetadata(object, to.contentKey));
}

export async function moveObject(
  { store, metainfo }: ProjectContext,
  source: ObjectTarget,
  target: ObjectTarget,
  { signal }: CallSettings = {},
): Promise<void> {
  const from = locate(store, source.bucket, source.key);
  const to = locate(store, target.bucket, target.key);
  const begin = BeginMoveObjectRequest.fromPartial(placesOf(from, to));
  const begun = await metainfo.call("beginMoveObject", begin, "object", { signal });
  const finish = FinishMoveObjectRequest.fromPartial({
    ...newKeys(begun, from, to),
    newBucket: to.bucket,
    newEncryptedObjectKey: to.encryptedKey,
  });
  await metainfo.call("finishMoveObject", finish, "object", { signal });
}

function placesOf(from: ObjectLocation, to: ObjectLocation) {
  return {
    bucket: from.bucket,
    encryptedObjectKey: from.encryptedKey,
    newBucket: to.bucket,
    newEncryptedObjectKey: to.encryptedKey,
  };
}

/**
 * The keys of metadata and segments, wrapped for the new path with the cipher of the project, whatever the reply says.
 * The metadata's keeps its nonce, which stays inside of the metadata; segments get new ones.
 * Source: storj/uplink private/metaclient/movecopy.go.
 */
function newKeys(begun: BeginCopyObjectResponse | BeginMoveObjectResponse, from: ObjectLocation, to: ObjectLocation) {
  const rewrap = (encryptedKey: Uint8Array, nonce: Uint8Array, newNonce: Uint8Array) =>
    rewrapKey({ encryptedKey, nonce }, contentCipher, from.contentKey, to.contentKey, newNonce);
  const { encryptedMetadataKey, encryptedMetadataKeyNonce: nonce } = begun;
  const hasMetadata = encryptedMetadataKey.length > 0;
  return {
    streamId: begun.streamId,
    newEncryptedMetadataKey: hasMetadata ? rewrap(encryptedMetadataKey, nonce, nonce) : encryptedMetadataKey,
    newEncryptedMetadataKeyNonce: hasMetadata ? nonce : new Uint8Array(24),
    newSegmentKeys: begun.segmentKeys.map(({ position, encryptedKey, encryptedKeyNonce }) => {
      const newNonce = randomBytes(24);
      return {
        position,
        encryptedKeyNonce: newNonce,
        encryptedKey: rewrap(encryptedKey, encryptedKeyNonce, newNonce),
      };
    }),
  };
}
