import { equalBytes } from "../../../core/bytes/bytes.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { EncryptedKeyAndNonce } from "../../../proto/gen/metainfo.js";
import { invalidRequest } from "../data/errors.js";
import type { ObjectRecord } from "../data/object-record.js";
import { type SegmentKey, segmentKeys } from "../data/segment-keys.js";
import { sealStreamId } from "../ids/stream-id.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { positionMessage, segmentPosition } from "./segment-position.js";
import { streamMetaOf } from "./user-data-message.js";

const none = new Uint8Array(0);

/** What a client must encrypt anew to copy or move an object: the keys of its metadata and of its segments. */
export async function keysToReplace(
  satellite: SatelliteParts,
  projectId: Uint8Array,
  bucket: Uint8Array,
  object: ObjectRecord,
) {
  const { maxCopySegments } = satellite.config.limits;
  if (object.segmentCount > maxCopySegments) {
    throw invalidRequest(`object has too many segments (${object.segmentCount}). Limit is ${maxCopySegments}.`);
  }
  const encryptionParameters = { cipherSuite: object.cipher, blockSize: object.blockSize };
  const legacy = object.metadataKey === null ? streamMetaOf(object.metadata).lastSegmentMeta : undefined;
  const keys = await segmentKeys(satellite.db.read, object.streamId);
  return {
    streamId: sealStreamId(satellite.seal, projectId, {
      bucket,
      encryptedObjectKey: object.key,
      version: object.version,
      creationDate: undefined,
      expirationDate: undefined,
      satelliteSignature: none,
      streamId: object.streamId,
      multipartObject: false,
      encryptionParameters,
      placement: 0,
      versioned: false,
      retention: undefined,
      legalHold: false,
    }),
    encryptedMetadataKeyNonce: object.metadataNonce ?? legacy?.keyNonce ?? none,
    encryptedMetadataKey: object.metadataKey ?? legacy?.encryptedKey ?? none,
    segmentKeys: keys.map((key) => ({
      position: positionMessage(key),
      encryptedKeyNonce: key.keyNonce,
      encryptedKey: key.encryptedKey,
    })),
    encryptionParameters,
  };
}

export function newSegmentKeys(keys: readonly EncryptedKeyAndNonce[]): SegmentKey[] {
  return keys.map((key) => ({
    ...segmentPosition(key.position),
    keyNonce: key.encryptedKeyNonce.length === 0 ? new Uint8Array(24) : key.encryptedKeyNonce,
    encryptedKey: key.encryptedKey,
  }));
}

/** Pieces stay on their nodes, so both buckets must want the same nodes. Status 3 unless they do. */
export async function checkSamePlacement(
  satellite: SatelliteParts,
  projectId: Uint8Array,
  from: Uint8Array,
  to: Uint8Array,
): Promise<void> {
  if (equalBytes(from, to)) return;
  const source = await satellite.buckets.get(projectId, from);
  const target = await satellite.buckets.get(projectId, to);
  if (source.placement !== target.placement) {
    throw rpcError(
      RpcStatus.InvalidArgument,
      "copying object to bucket with different placement policy is not (yet) supported",
    );
  }
}
