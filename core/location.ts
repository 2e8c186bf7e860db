import type { Key } from "./api.js";
import { utf8 } from "./bytes/bytes.js";
import type { EncryptionStore } from "./crypto/encryption-store.js";
import { deriveContentKey, encryptPath } from "./crypto/path.js";
import { PosternError } from "./errors.js";

/** An object key with what the satellite sees of it. */
export interface ObjectLocation {
  readonly bucket: Uint8Array;
  readonly key: Uint8Array;
  readonly encryptedKey: Uint8Array;
  /** Wraps the content and metadata keys of the object. */
  readonly contentKey: Uint8Array;
}

export function keyBytes(key: Key): Uint8Array {
  return typeof key === "string" ? utf8(key) : key;
}

export function bucketBytes(bucket: string): Uint8Array {
  if (bucket.length === 0) throw new PosternError("bucket-name-invalid", "no bucket specified");
  return utf8(bucket);
}

/** @throws PosternError permission-denied when the grant has no key for the path */
export function locate(store: EncryptionStore, bucketName: string, objectKey: Key): ObjectLocation {
  const bucket = bucketBytes(bucketName);
  const key = keyBytes(objectKey);
  if (key.length === 0) throw new PosternError("object-key-invalid", "object key is empty");
  return {
    bucket,
    key,
    encryptedKey: encryptPath(store, bucket, key),
    contentKey: deriveContentKey(store, bucket, key),
  };
}
