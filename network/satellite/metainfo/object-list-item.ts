import type { ObjectListItem } from "../../../proto/gen/metainfo.js";
import { StreamMeta } from "../../../proto/gen/streams.js";
import type { BucketRecord } from "../data/buckets.js";
import { BucketVersioning } from "../data/buckets.js";
import type { ListedEntry, ListedObject } from "../data/list-objects.js";
import { ObjectStatus } from "../data/object-status.js";
import { optionalTimestamp, timestampOfMicros } from "../data/times.js";
import { objectVersion } from "../ids/object-version.js";
import { sealStreamId } from "../ids/stream-id.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { checksumFields, streamMetaOf } from "./user-data-message.js";

const none = new Uint8Array(0);

/** What a listing was asked to carry for each object. */
export interface ItemIncludes {
  readonly systemMetadata: boolean;
  readonly customMetadata: boolean;
  readonly etag: boolean;
  /** The ETag where there is one, the metadata elsewhere. */
  readonly etagOrCustomMetadata: boolean;
  readonly checksum: boolean;
  /** The metadata's key inside of it, too, where old clients look. */
  readonly legacyStreamMeta: boolean;
  readonly objectVersion: boolean;
}

export interface ListContext {
  readonly satellite: SatelliteParts;
  readonly projectId: Uint8Array;
  readonly bucket: BucketRecord;
  readonly includes: ItemIncludes;
}

/** storj/storj satellite/metainfo/endpoint_object.go objectEntryToProtoListItem. */
export function objectListItem(context: ListContext, { key, object, latest }: ListedEntry): ObjectListItem {
  const item: ObjectListItem = {
    encryptedObjectKey: key,
    version: 0,
    status: object?.status ?? ObjectStatus.Prefix,
    createdAt: undefined,
    expiresAt: undefined,
    encryptedMetadataNonce: none,
    encryptedMetadata: none,
    streamId: none,
    plainSize: 0,
    encryptedMetadataEncryptedKey: none,
    objectVersion: none,
    isLatest: false,
    encryptedEtag: none,
    checksumAlgorithm: 0,
    isChecksumComposite: false,
    encryptedChecksum: none,
  };
  const { includes } = context;
  if (object === undefined) {
    // Where versions are told, a folded prefix has the version of nothing.
    if (includes.objectVersion) item.objectVersion = new Uint8Array(16);
    return item;
  }
  if (includes.objectVersion) {
    item.objectVersion = objectVersion(object.version, object.streamId);
    item.isLatest = latest;
  }
  if (includes.systemMetadata) {
    item.createdAt = timestampOfMicros(object.createdAt);
    item.expiresAt = optionalTimestamp(object.expiresAt);
    item.plainSize = object.plainSize;
  }
  addUserData(item, object, includes);
  if (includes.checksum) Object.assign(item, checksumFields(object));
  if (object.status === ObjectStatus.Pending) item.streamId = pendingStreamId(context, object);
  return item;
}

function addUserData(item: ObjectListItem, object: ListedObject, includes: ItemIncludes): void {
  const hasEtag = object.etag !== null;
  const withEtag = (includes.etag || includes.etagOrCustomMetadata) && hasEtag;
  const withMetadata =
    (includes.customMetadata || (includes.etagOrCustomMetadata && !hasEtag)) && object.metadata !== null;
  if (withEtag) item.encryptedEtag = object.etag!;
  if (!includes.customMetadata && !withMetadata && !withEtag && !includes.checksum) return;

  item.encryptedMetadataNonce = object.metadataNonce ?? none;
  item.encryptedMetadataEncryptedKey = object.metadataKey ?? none;
  const meta = streamMetaOf(withMetadata ? object.metadata : null);
  meta.encryptionType = object.cipher;
  meta.encryptionBlockSize = object.blockSize;
  if (includes.systemMetadata && object.segmentCount !== 0) meta.numberOfSegments = object.segmentCount;
  if (includes.legacyStreamMeta && object.metadataKey !== null) {
    meta.lastSegmentMeta = { encryptedKey: object.metadataKey, keyNonce: object.metadataNonce ?? none };
  }
  item.encryptedMetadata = StreamMeta.encode(meta).finish();
}

/** The same bytes as when the upload was begun, for they are its upload id. */
function pendingStreamId({ satellite, projectId, bucket }: ListContext, object: ListedObject): Uint8Array {
  return sealStreamId(satellite.seal, projectId, {
    bucket: bucket.name,
    encryptedObjectKey: object.key,
    version: object.version,
    creationDate: timestampOfMicros(object.createdAt),
    expirationDate: optionalTimestamp(object.expiresAt),
    satelliteSignature: none,
    streamId: object.streamId,
    multipartObject: true,
    encryptionParameters: { cipherSuite: object.cipher, blockSize: object.blockSize },
    placement: bucket.placement,
    versioned: bucket.versioning === BucketVersioning.Enabled,
    retention: undefined,
    legalHold: false,
  });
}
