import type { CustomMetadata, LockOptions, ObjectInfo } from "../../core/index.js";
import { aclOfNewObject, shareIfNeeded } from "./access/requested-acl.js";
import { type Call, keyOf, keyText } from "./call.js";
import { checksumMetadata, type ObjectChecksum } from "./checksums/object-checksum.js";
import { type CustomerCipher, cipherOf, sealWith } from "./encryption/customer-cipher.js";
import { type CustomerKey, checkEncryption, customerKey, encryptionHeaders } from "./encryption/requested.js";
import { expiryHeaders } from "./lifecycle-expiry.js";
import { metadataOfRequest, tagsKey } from "./metadata.js";
import { lockOfHeaders } from "./object-lock.js";
import type { Payload } from "./payload/payload.js";
import { tagsOfText } from "./tagging.js";
import { expiryOfMetadata } from "./ttl.js";
import { refuseUnsupported } from "./unsupported.js";
import { versionHeaders } from "./version-id.js";

/** What a request wants of an object that it is about to write. */
export interface NewObject {
  readonly custom: CustomMetadata;
  readonly expiresAt: Date | undefined;
  /** How it is to be locked. */
  readonly lock: LockOptions;
  readonly customer: CustomerKey | undefined;
  readonly cipher: CustomerCipher | undefined;
}

/** Reads the headers of a request that writes an object, and checks them. */
export async function newObject(call: Call): Promise<NewObject> {
  const { headers } = call;
  refuseUnsupported(headers);
  checkEncryption(headers);
  const customer = customerKey(headers);
  const sealed = customer === undefined ? {} : sealWith(customer);
  const custom = { ...metadataOfRequest(headers, call.query), ...aclOfNewObject(call), ...sealed };
  await shareIfNeeded(call, custom);
  return {
    custom,
    expiresAt: expiryOfMetadata(custom, call.now),
    lock: lockOfHeaders(headers, call.now),
    customer,
    cipher: cipherOf(sealed, customer),
  };
}

/** The checksum that came with a body, as the object's. */
export function checksumOfPayload({ checksum }: Payload): ObjectChecksum | undefined {
  if (checksum === undefined) return undefined;
  return { algorithm: checksum.algorithm, type: "FULL_OBJECT", value: checksum.value.toString("base64") };
}

/** The checksum is kept where there is room for it: what the client gave comes first. */
export function withChecksum(custom: CustomMetadata, checksum: ObjectChecksum | undefined): CustomMetadata {
  return addIfRoom(custom, checksumMetadata(checksum));
}

/** The satellite takes 2 KiB of metadata with ETag and framing. */
const mostMetadata = 1900;

export function addIfRoom(custom: CustomMetadata, more: CustomMetadata): CustomMetadata {
  const both = { ...custom, ...more };
  let size = 0;
  for (const [name, value] of Object.entries(both)) size += Buffer.byteLength(name) + Buffer.byteLength(value) + 8;
  return size > mostMetadata ? custom : both;
}

/** Reply headers of a request that has written an object. */
export function writtenHeaders(
  call: Call,
  object: Pick<NewObject, "custom" | "customer">,
  info: Pick<ObjectInfo, "size" | "createdAt" | "version" | "versioned">,
): Readonly<Record<string, string>> {
  const tags = new Map(tagsOfText(object.custom[tagsKey] ?? "").map(({ key, value }) => [key, value]));
  const subject = { key: keyText(keyOf(call)), size: info.size, createdAt: info.createdAt, tags };
  return {
    ...versionHeaders(info),
    ...encryptionHeaders(object.customer),
    ...expiryHeaders(call.access.settings.section("lifecycle"), subject, call.options.lifecycleDayMs),
  };
}
