import test from "ava";
import { decodeBase58Check, encodeBase58Check } from "../../core/bytes/base58check.js";
import { fromHex, toHex } from "../../core/bytes/bytes.js";
import { createStore } from "../../core/crypto/encryption-store.js";
import { contentNonce, incrementNonce, zeroNonce } from "../../core/crypto/nonce.js";
import { deriveContentKey } from "../../core/crypto/path.js";
import {
  encodeCustomMetadata,
  openMetadata,
  openPartEtag,
  rewrapKey,
  sealMetadata,
  sealPartEtag,
} from "../../core/metadata.js";
import { SerializableMeta } from "../../proto/gen/meta.js";
import { BeginSegmentRequest, SegmentPosition } from "../../proto/gen/metainfo.js";
import { StreamInfo, StreamMeta } from "../../proto/gen/streams.js";
import { readVectors } from "../helpers/vectors.js";

interface ObjectVector {
  name: string;
  cipher: number;
  bucket: string;
  objectKey: string;
  defaultKey: string;
  derivedContentKey: string;
  userDefined: Record<string, string>;
  segmentsSize: string;
  lastSegmentSize: string;
  etag: string;
  metadataKey: string;
  metadataKeyNonce: string;
  encryptedMetadata: string;
  encryptedMetadataEncryptedKey: string;
  encryptedMetadataNonce: string;
  encryptedETag: string;
  streamMetaAsReturnedBySatellite: string;
}

interface Vectors {
  objects: ObjectVector[];
  protobuf: { message: string; fields: Record<string, unknown>; bytes: string }[];
  contentNonces: { partNumber: number; index: number; increment: string; contentNonce: string }[];
  reencryptKeys: {
    cipher: number;
    oldDerivedKey: string;
    newDerivedKey: string;
    nonce: string;
    oldEncryptedKey: string;
    newEncryptedKeySameNonce: string;
  }[];
  uploadIds: { streamId: string; uploadId: string }[];
  segments: {
    cases: {
      cipher: number;
      segments: { contentKey: string; etag?: string; encryptedETagIfLastSegment?: string }[];
    }[];
  };
}

const vectors = readVectors<Vectors>("metadata");

test("seals object metadata as the uplink does", (t) => {
  t.true(vectors.objects.length > 0);
  for (const v of vectors.objects) {
    const store = createStore({ defaultKey: fromHex(v.defaultKey) });
    const contentKey = deriveContentKey(store, fromHex(v.bucket), fromHex(v.objectKey));
    t.is(toHex(contentKey), v.derivedContentKey);
    const sealed = sealMetadata(
      {
        custom: v.userDefined,
        etag: fromHex(v.etag),
        segmentsSize: Number(v.segmentsSize),
        lastSegmentSize: Number(v.lastSegmentSize),
      },
      { cipherSuite: v.cipher, contentKey },
      fromHex(v.metadataKey),
      fromHex(v.metadataKeyNonce),
    );
    t.is(toHex(sealed.encryptedMetadata), v.encryptedMetadata, v.name);
    t.is(toHex(sealed.encryptedMetadataEncryptedKey), v.encryptedMetadataEncryptedKey, v.name);
    t.is(toHex(sealed.encryptedMetadataNonce), v.encryptedMetadataNonce, v.name);
    t.is(toHex(sealed.encryptedEtag), v.encryptedETag, v.name);
  }
});

test("opens object metadata as the satellite returns it", (t) => {
  for (const v of vectors.objects) {
    const contentKey = fromHex(v.derivedContentKey);
    const sealed = {
      encryptedMetadata: fromHex(v.streamMetaAsReturnedBySatellite),
      encryptedMetadataNonce: fromHex(v.encryptedMetadataNonce),
      encryptedMetadataEncryptedKey: fromHex(v.encryptedMetadataEncryptedKey),
      encryptedEtag: fromHex(v.encryptedETag),
    };
    const opened = openMetadata(sealed, contentKey);
    t.deepEqual(opened.custom, v.userDefined, v.name);
    t.is(opened.etag === undefined ? "" : toHex(opened.etag), v.etag);
    t.is(opened.segmentsSize, Number(v.segmentsSize));
    t.is(opened.lastSegmentSize, Number(v.lastSegmentSize));
    t.is(opened.numberOfSegments, 1);
    // Very old objects have their key in last_segment_meta only.
    const old = { ...sealed, encryptedMetadataEncryptedKey: new Uint8Array(0), encryptedMetadataNonce: zeroNonce() };
    t.deepEqual(openMetadata(old, contentKey), opened);
    const otherKey = contentKey.map((byte) => byte ^ 1);
    t.throws(() => openMetadata(sealed, otherKey), { code: "decryption-failed" });
  }
});

test("metadata of objects without any opens to nothing", (t) => {
  const none = new Uint8Array(0);
  const opened = openMetadata(
    {
      encryptedMetadata: none,
      encryptedMetadataNonce: zeroNonce(),
      encryptedMetadataEncryptedKey: none,
      encryptedEtag: none,
    },
    new Uint8Array(32),
  );
  t.deepEqual(opened.custom, {});
  t.is(opened.etag, undefined);
  t.is(opened.segmentsSize, 0);
});

test("content_type of old uploaders becomes custom metadata", (t) => {
  const meta = SerializableMeta.fromPartial({ contentType: "image/png", userDefined: { a: "b" } });
  const info = StreamInfo.fromPartial({ metadata: SerializableMeta.encode(meta).finish() });
  const sealed = {
    encryptedMetadata: StreamMeta.encode(
      StreamMeta.fromPartial({ encryptedStreamInfo: StreamInfo.encode(info).finish(), encryptionType: 1 }),
    ).finish(),
    encryptedMetadataNonce: zeroNonce(),
    encryptedMetadataEncryptedKey: new Uint8Array(32),
    encryptedEtag: new Uint8Array(0),
  };
  t.deepEqual(openMetadata(sealed, new Uint8Array(32)).custom, { a: "b", "content-type": "image/png" });
});

test("messages encode as in Go", (t) => {
  const types = { SerializableMeta, StreamInfo, StreamMeta, SegmentPosition, BeginSegmentRequest };
  for (const { message, fields, bytes } of vectors.protobuf) {
    const type = types[message as keyof typeof types] as unknown as {
      fromPartial(value: unknown): unknown;
      encode(value: unknown): { finish(): Uint8Array };
      decode(bytes: Uint8Array): unknown;
    };
    const value = type.fromPartial(bytesOfHex(fields));
    // Custom metadata has an encoder of its own; see encodeCustomMetadata.
    const custom = fields["userDefined"] as Record<string, string> | undefined;
    const encoded =
      message === "SerializableMeta" && fields["contentType"] === undefined
        ? encodeCustomMetadata(custom ?? {})
        : type.encode(value).finish();
    t.is(toHex(encoded), bytes, message);
    t.deepEqual(type.decode(fromHex(bytes)), value, message);
  }
});

/** The vectors hold byte fields as hex; the names of those are known. */
function bytesOfHex(value: unknown): unknown {
  const byteFields = new Set(["metadata", "encryptedStreamInfo", "encryptedKey", "keyNonce", "streamId"]);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      byteFields.has(key) && typeof inner === "string" ? fromHex(inner) : bytesOfHex(inner),
    ]),
  );
}

test("content nonces", (t) => {
  for (const v of vectors.contentNonces) {
    t.is(toHex(contentNonce(v.partNumber, v.index)), v.contentNonce);
    t.is(toHex(incrementNonce(zeroNonce(), BigInt(v.increment), 3)), v.contentNonce);
  }
});

test("keys of copied and moved objects are wrapped anew", (t) => {
  for (const v of vectors.reencryptKeys) {
    const rewrapped = rewrapKey(
      { encryptedKey: fromHex(v.oldEncryptedKey), nonce: fromHex(v.nonce) },
      v.cipher,
      fromHex(v.oldDerivedKey),
      fromHex(v.newDerivedKey),
      fromHex(v.nonce),
    );
    t.is(toHex(rewrapped), v.newEncryptedKeySameNonce);
  }
});

test("upload ids", (t) => {
  for (const v of vectors.uploadIds) {
    t.is(encodeBase58Check(fromHex(v.streamId), 1), v.uploadId);
    t.is(toHex(decodeBase58Check(v.uploadId).payload), v.streamId);
  }
});

test("part ETags", (t) => {
  let checked = 0;
  for (const { cipher, segments } of vectors.segments.cases) {
    for (const { contentKey, etag, encryptedETagIfLastSegment } of segments) {
      if (etag === undefined || encryptedETagIfLastSegment === undefined) continue;
      const sealed = sealPartEtag(fromHex(etag), cipher, fromHex(contentKey));
      t.is(toHex(sealed), encryptedETagIfLastSegment);
      const opened = openPartEtag(sealed, cipher, fromHex(contentKey));
      t.is(opened === undefined ? "" : toHex(opened), etag);
      checked++;
    }
  }
  t.true(checked > 0);
});
