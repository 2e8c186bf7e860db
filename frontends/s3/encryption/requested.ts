import { createHash } from "node:crypto";
import { S3Error } from "../errors.js";
import type { RequestHeaders } from "../headers.js";

/** A key that the client brings with each request (SSE-C). Secret. */
export interface CustomerKey {
  /** 32 bytes. */
  readonly key: Buffer;
  /** Base64, as the client sent it. */
  readonly md5: string;
}

const own = "x-amz-server-side-encryption";
const ofSource = "x-amz-copy-source-server-side-encryption";

/**
 * The customer's key of a request, of what it writes or reads, or of the source of a copy.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerSideEncryptionCustomerKeys.html
 */
export function customerKey(headers: RequestHeaders, of: "own" | "source" = "own"): CustomerKey | undefined {
  const prefix = `${of === "own" ? own : ofSource}-customer`;
  const algorithm = headers.get(`${prefix}-algorithm`);
  const key = headers.get(`${prefix}-key`);
  const md5 = headers.get(`${prefix}-key-md5`);
  if (algorithm === undefined && key === undefined && md5 === undefined) return undefined;
  if (algorithm === undefined) throw wrong("must provide a valid encryption algorithm", `${prefix}-algorithm`);
  if (algorithm !== "AES256") throw new S3Error("InvalidEncryptionAlgorithmError");
  if (key === undefined) throw wrong("must provide an appropriate secret key", `${prefix}-key`);
  if (md5 === undefined) throw wrong("must provide the client calculated MD5 of the secret key", `${prefix}-key-MD5`);
  const bytes = Buffer.from(key, "base64");
  if (bytes.length !== 32)
    throw wrong(
      "must provide an appropriate secret key",
      `${prefix}-key`,
      "The secret key was invalid for the specified algorithm.",
    );
  if (createHash("md5").update(bytes).digest("base64") !== md5) {
    throw wrong(
      "",
      `${prefix}-key-MD5`,
      "The calculated MD5 hash of the key did not match the hash that was provided.",
    );
  }
  return { key: bytes, md5 };
}

function wrong(needs: string, name: string, message?: string): S3Error {
  return new S3Error("InvalidArgument", {
    message: message ?? `Requests specifying Server Side Encryption with Customer provided keys ${needs}.`,
    extra: { ArgumentName: name },
  });
}

/**
 * Checks what a request that writes asks for. AES256 is what happens to all data anyway: it is AES-256-GCM before it
 * leaves the gateway. There is no key management service, so that its kinds are refused.
 */
export function checkEncryption(headers: RequestHeaders): void {
  const asked = headers.get(own);
  const kmsKey = headers.get(`${own}-aws-kms-key-id`);
  const customer = headers.has(`${own}-customer-algorithm`);
  if (asked !== undefined && customer) {
    throw conflict(
      "Server Side Encryption with Customer provided key is incompatible with the encryption method specified",
    );
  }
  if (asked === undefined || asked === "AES256") {
    if (kmsKey === undefined) return;
    if (asked === undefined) throw new S3Error("NotImplemented", { extra: { Header: `${own}-aws-kms-key-id` } });
    throw conflict(
      "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms",
    );
  }
  if (asked === "aws:kms" || asked === "aws:kms:dsse") throw new S3Error("NotImplemented", { extra: { Header: own } });
  throw conflict("The encryption method specified is not supported");
}

function conflict(message: string): S3Error {
  return new S3Error("InvalidArgument", { message, extra: { ArgumentName: own } });
}

/** Reply headers about the encryption of an object. */
export function encryptionHeaders(customer: CustomerKey | undefined): Readonly<Record<string, string>> {
  if (customer === undefined) return { [own]: "AES256" };
  return { [`${own}-customer-algorithm`]: "AES256", [`${own}-customer-key-MD5`]: customer.md5 };
}
