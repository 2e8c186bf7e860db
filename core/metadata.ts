import { randomBytes } from "node:crypto";
import { SerializableMeta } from "../proto/gen/meta.js";
import { StreamInfo, StreamMeta } from "../proto/gen/streams.js";
import type { CustomMetadata } from "./api.js";
import { concatBytes, utf8 } from "./bytes/bytes.js";
import { encodeVarint } from "./bytes/varint.js";
import { decrypt, decryptKey, encrypt, encryptKey } from "./crypto/cipher.js";
import { deriveKey } from "./crypto/derive.js";
import { incrementNonce, zeroNonce } from "./crypto/nonce.js";
import { PosternError } from "./errors.js";

/** The encrypted metadata of an object as BeginObject, CommitObject and object replies carry it. */
export interface SealedMetadata {
  /** streams.StreamMeta. */
  readonly encryptedMetadata: Uint8Array;
  /** 24 bytes: nonce of the wrapped metadata key. */
  readonly encryptedMetadataNonce: Uint8Array;
  /** The metadata key, wrapped with the content key of the object's path. */
  readonly encryptedMetadataEncryptedKey: Uint8Array;
  readonly encryptedEtag: Uint8Array;
}

export interface MetadataToSeal {
  readonly custom: CustomMetadata;
  readonly etag?: Uint8Array;
  /** Plain bytes of all segments but the last; 0 (absent) for multipart uploads. */
  readonly segmentsSize?: number;
  /** Plain bytes of the last segment; 0 (absent) for multipart uploads. */
  readonly lastSegmentSize?: number;
}

export interface MetadataKeys {
  readonly cipherSuite: number;
  /** Content key of the object's path (`deriveContentKey`), 32 bytes. */
  readonly contentKey: Uint8Array;
}

export interface OpenedMetadata {
  readonly custom: CustomMetadata;
  readonly etag: Uint8Array | undefined;
  readonly segmentsSize: number;
  readonly lastSegmentSize: number;
  /** As the satellite counted them; 0 when it did not say. */
  readonly numberOfSegments: number;
  /** Cipher and block size of the contents; 0 when the satellite did not say. */
  readonly cipherSuite: number;
  readonly encryptionBlockSize: number;
}

const noBytes = new Uint8Array(0);

/**
 * objects.SerializableMeta as Go writes it: map entries always hold key and value, even empty ones, which the generated
 * encoder leaves out.
 */
export function encodeCustomMetadata(custom: CustomMetadata): Uint8Array {
  return concatBytes(
    ...Object.entries(custom).map(([key, value]) =>
      lengthDelimited(0x12, concatBytes(lengthDelimited(0x0a, utf8(key)), lengthDelimited(0x12, utf8(value)))),
    ),
  );
}

function lengthDelimited(tag: number, content: Uint8Array): Uint8Array {
  return concatBytes(Uint8Array.of(tag), encodeVarint(content.length), content);
}

/** Nonce of an object's ETag under its metadata key: 01 00 … (storj/uplink private/metaclient/objects.go). */
function etagNonce(cipherSuite: number): Uint8Array {
  return incrementNonce(zeroNonce(), 1, cipherSuite);
}

/**
 * Seals custom metadata and ETag for the satellite with a fresh metadata key (or the given one, which only tests do).
 * Source: storj/uplink private/storage/streams/uploader.go.
 */
export function sealMetadata(
  what: MetadataToSeal,
  { cipherSuite, contentKey }: MetadataKeys,
  metadataKey: Uint8Array = randomBytes(32),
  keyNonce: Uint8Array = randomBytes(24),
): SealedMetadata {
  const streamInfo = StreamInfo.encode(
    StreamInfo.fromPartial({
      segmentsSize: what.segmentsSize ?? 0,
      lastSegmentSize: what.lastSegmentSize ?? 0,
      metadata: encodeCustomMetadata(what.custom),
    }),
  ).finish();
  const encryptedStreamInfo = encrypt(streamInfo, cipherSuite, metadataKey, zeroNonce());
  return {
    encryptedMetadata: StreamMeta.encode(StreamMeta.fromPartial({ encryptedStreamInfo })).finish(),
    encryptedMetadataNonce: keyNonce,
    encryptedMetadataEncryptedKey: encryptKey(metadataKey, cipherSuite, contentKey, keyNonce),
    encryptedEtag: encrypt(what.etag ?? noBytes, cipherSuite, metadataKey, etagNonce(cipherSuite)),
  };
}

/** Copies and updates of metadata must not send a key for nothing (storj/storj satellite/metabase, EncryptedUserData). */
export function withoutIdleKey(sealed: SealedMetadata): SealedMetadata {
  if (sealed.encryptedMetadata.length > 0 || sealed.encryptedEtag.length > 0) return sealed;
  return { ...sealed, encryptedMetadataNonce: noBytes, encryptedMetadataEncryptedKey: noBytes };
}

/**
 * Opens metadata as the satellite returns it: with the cipher of StreamMeta.encryption_type, which the satellite fills
 * in. The key of very old objects is that of their last segment.
 * Source: storj/uplink private/metaclient/objects.go (TypedDecryptStreamInfo).
 * @throws PosternError decryption-failed
 */
export function openMetadata(sealed: SealedMetadata, contentKey: Uint8Array): OpenedMetadata {
  const streamMeta = decode(StreamMeta, sealed.encryptedMetadata);
  const cipherSuite = streamMeta.encryptionType;
  const wrapped = sealed.encryptedMetadataEncryptedKey.length > 0;
  const metadataKey = decryptKey(
    wrapped ? sealed.encryptedMetadataEncryptedKey : (streamMeta.lastSegmentMeta?.encryptedKey ?? noBytes),
    cipherSuite,
    contentKey,
    wrapped ? sealed.encryptedMetadataNonce : nonceOf(streamMeta.lastSegmentMeta?.keyNonce),
  );
  const streamInfo = decode(StreamInfo, decrypt(streamMeta.encryptedStreamInfo, cipherSuite, metadataKey, zeroNonce()));
  const meta = decode(SerializableMeta, streamInfo.metadata);
  const custom: Record<string, string> = meta.userDefined;
  // Only old uploaders filled content_type (storj/uplink private/metaclient/objects.go).
  if (meta.contentType !== "" && custom["content-type"] === undefined) custom["content-type"] = meta.contentType;
  const etag = decrypt(sealed.encryptedEtag, cipherSuite, metadataKey, etagNonce(cipherSuite));
  return {
    custom,
    etag: etag.length > 0 ? etag : undefined,
    segmentsSize: streamInfo.segmentsSize,
    lastSegmentSize: streamInfo.lastSegmentSize,
    numberOfSegments: streamMeta.numberOfSegments,
    cipherSuite,
    encryptionBlockSize: streamMeta.encryptionBlockSize,
  };
}

function nonceOf(bytes: Uint8Array | undefined): Uint8Array {
  return bytes?.length === 24 ? bytes : zeroNonce();
}

function decode<T>(type: { decode(input: Uint8Array): T }, bytes: Uint8Array): T {
  try {
    return type.decode(bytes);
  } catch (error) {
    throw new PosternError("decryption-failed", "object metadata cannot be read", { cause: error });
  }
}

/** Key for the ETag of a part (storj/uplink private/storage/streams/splitter/common.go). */
export function partEtagKey(contentKey: Uint8Array): Uint8Array {
  return deriveKey(contentKey, "storj-etag-v1");
}

/** Encrypts the ETag of a part under the content key of its last segment. Empty stays empty. */
export function sealPartEtag(etag: Uint8Array, cipherSuite: number, contentKey: Uint8Array): Uint8Array {
  return encrypt(etag, cipherSuite, partEtagKey(contentKey), zeroNonce());
}

/** Opens the ETag of a part; undefined when there is none. */
export function openPartEtag(sealed: Uint8Array, cipherSuite: number, contentKey: Uint8Array): Uint8Array | undefined {
  if (sealed.length === 0) return undefined;
  return decrypt(sealed, cipherSuite, partEtagKey(contentKey), zeroNonce());
}

/**
 * Wraps a key that belongs to one path for another, as copy and move do. No key stays no key.
 * Source: storj/uplink private/metaclient/movecopy.go.
 */
export function rewrapKey(
  wrapped: { readonly encryptedKey: Uint8Array; readonly nonce: Uint8Array },
  cipherSuite: number,
  from: Uint8Array,
  to: Uint8Array,
  newNonce: Uint8Array,
): Uint8Array {
  return encryptKey(decryptKey(wrapped.encryptedKey, cipherSuite, from, wrapped.nonce), cipherSuite, to, newNonce);
}
