import { hash } from "node:crypto";
import { decodeBase32, encodeBase32 } from "../bytes/base32.js";
import { PosternError } from "../errors.js";
import { drawRandom } from "./random-pool.js";

/**
 * Text forms of the two halves of S3 credentials: base32 of a version byte and random bytes, lower case, without
 * padding. Source: storj/edge pkg/auth/authdb/db.go.
 */

/** 16 random bytes; their text is the access key id, and they encrypt the record. Never stored. */
export type AccessKey = Uint8Array;

const accessKeyVersion = 0x4d;
const secretKeyVersion = 0x4e;
const accessKeySize = 16;
const secretKeySize = 32;
export const accessKeyIdLength = 28;

export function newAccessKey(): AccessKey {
  return drawRandom(accessKeySize);
}

export function newSecretKey(): Uint8Array {
  return drawRandom(secretKeySize);
}

export function accessKeyIdText(key: AccessKey): string {
  return versionedText(accessKeyVersion, key);
}

/** The text is the S3 secret as signatures use it. */
export function secretKeyText(secret: Uint8Array): string {
  return versionedText(secretKeyVersion, secret);
}

/** Reads an access key id in any case. Throws `invalid-argument` with the texts of the Go service. */
export function parseAccessKeyId(text: string): AccessKey {
  if (text.length !== accessKeyIdLength) {
    const was = `alphanumeric encryption key length expected to be ${accessKeyIdLength}, was ${Buffer.byteLength(text)}`;
    throw new PosternError("invalid-argument", was);
  }
  const decoded = decodeBase32(withoutLineBreaks(text));
  if (decoded[0] !== accessKeyVersion) {
    throw new PosternError("invalid-argument", "encryption key did not start with expected byte");
  }
  const key = new Uint8Array(accessKeySize);
  key.set(decoded.subarray(1, 1 + accessKeySize));
  return key;
}

/** What a record is found by: SHA-256 of the 16 bytes, without the version byte. */
export function keyHashOf(key: AccessKey): Uint8Array {
  return hash("sha256", key, "buffer");
}

/** Go's base32 decoder skips line breaks and drops the group that they leave incomplete. */
function withoutLineBreaks(text: string): string {
  const kept = text.replace(/[\r\n]/g, "");
  return kept.length === text.length ? text : kept.slice(0, kept.length - (kept.length % 8));
}

function versionedText(version: number, bytes: Uint8Array): string {
  const versioned = new Uint8Array(1 + bytes.length);
  versioned[0] = version;
  versioned.set(bytes, 1);
  return encodeBase32(versioned).toLowerCase();
}
