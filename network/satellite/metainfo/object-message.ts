import type { Object as ObjectMessage } from "../../../proto/gen/metainfo.js";
import type { StreamID } from "../../../proto/gen/metainfo_sat.js";
import { StreamMeta } from "../../../proto/gen/streams.js";
import type { ObjectRecord } from "../data/object-record.js";
import { optionalTimestamp, timestampOfMicros } from "../data/times.js";
import { objectVersion } from "../ids/object-version.js";
import { sealStreamId } from "../ids/stream-id.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { checksumFields, streamMetaOf } from "./user-data-message.js";

const none = new Uint8Array(0);

/** What the caller may see of an object's lock. */
export interface LockSight {
  readonly retention: boolean;
  readonly legalHold: boolean;
}

export const seesLock: LockSight = { retention: true, legalHold: true };

/** An object as replies carry it (storj/storj satellite/metainfo/endpoint_object.go objectToProto). */
export function objectMessage(
  satellite: SatelliteParts,
  projectId: Uint8Array,
  bucket: Uint8Array,
  object: ObjectRecord,
  sight: LockSight = seesLock,
): ObjectMessage {
  return {
    bucket,
    encryptedObjectKey: object.key,
    version: 0,
    status: object.status,
    streamId: sealStreamId(satellite.seal, projectId, objectStreamId(bucket, object)),
    createdAt: timestampOfMicros(object.createdAt),
    expiresAt: optionalTimestamp(object.expiresAt),
    encryptedMetadataNonce: object.metadataNonce ?? none,
    encryptedMetadata: StreamMeta.encode(completeStreamMeta(object)).finish(),
    fixedSegmentSize: 0,
    redundancyScheme: undefined,
    encryptionParameters: { cipherSuite: object.cipher, blockSize: object.blockSize },
    totalSize: object.encryptedSize,
    inlineSize: 0,
    remoteSize: 0,
    encryptedMetadataEncryptedKey: object.metadataKey ?? none,
    plainSize: object.plainSize,
    objectVersion: objectVersion(object.version, object.streamId),
    retention:
      object.retentionMode !== 0 && sight.retention
        ? { mode: object.retentionMode, retainUntil: optionalTimestamp(object.retainUntil) }
        : undefined,
    legalHold: sight.legalHold ? object.legalHold !== 0 : undefined,
    encryptedEtag: object.etag ?? none,
    ...checksumFields(object),
  };
}

function objectStreamId(bucket: Uint8Array, object: ObjectRecord): StreamID {
  return {
    bucket,
    encryptedObjectKey: object.key,
    version: object.version,
    creationDate: timestampOfMicros(object.createdAt),
    expirationDate: optionalTimestamp(object.expiresAt),
    satelliteSignature: none,
    streamId: object.streamId,
    multipartObject: object.plainSize !== 0 && object.fixedSegmentSize <= 0,
    encryptionParameters: { cipherSuite: object.cipher, blockSize: object.blockSize },
    placement: 0,
    versioned: false,
    retention: undefined,
    legalHold: object.legalHold !== 0,
  };
}

/** Clients decrypt by these fields, so every reply fills in what the uploader left out. */
function completeStreamMeta(object: ObjectRecord): StreamMeta {
  const meta = streamMetaOf(object.metadata);
  meta.encryptionBlockSize ||= object.blockSize;
  meta.encryptionType ||= object.cipher;
  meta.numberOfSegments ||= object.segmentCount;
  meta.lastSegmentMeta ??= { encryptedKey: object.metadataKey ?? none, keyNonce: object.metadataNonce ?? none };
  return meta;
}
