import { createCipheriv, createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import type { CustomMetadata } from "../../../core/index.js";
import { S3Error } from "../errors.js";
import type { PartLayout } from "../uploads/part-layout.js";
import type { CustomerKey } from "./requested.js";

/**
 * Data under a customer's key: AES-256 in counter mode below the encryption that all data has and that authenticates it,
 * so that sizes and ranges stay what they are. The key is made of the customer's and a salt of the object; each part of
 * a multipart upload counts from a block of its own. The metadata hold the salt and a check of the key, never the key.
 */
export const customerKeyName = "s3:sse-c";

const saltSize = 16;
const checkSize = 16;
const blockSize = 16;

/** Metadata of a new object under the key. */
export function sealWith(customer: CustomerKey): CustomMetadata {
  const salt = randomBytes(saltSize);
  return { [customerKeyName]: Buffer.concat([salt, checkOf(customer, salt)]).toString("base64") };
}

/**
 * The cipher of an object; undefined when it has none. Fails with InvalidRequest when the request's key is missing, not
 * needed or another one.
 */
export function cipherOf(custom: CustomMetadata, customer: CustomerKey | undefined): CustomerCipher | undefined {
  const text = custom[customerKeyName];
  if (text === undefined) {
    if (customer === undefined) return undefined;
    throw new S3Error("InvalidRequest", {
      message: "The encryption parameters are not applicable to this object.",
    });
  }
  if (customer === undefined) {
    throw new S3Error("InvalidRequest", {
      message:
        "The object was stored using a form of Server Side Encryption. The correct parameters must be provided to " +
        "retrieve the object.",
    });
  }
  const stored = Buffer.from(text, "base64");
  const salt = stored.subarray(0, saltSize);
  const check = stored.subarray(saltSize);
  if (check.length !== checkSize || !timingSafeEqual(check, checkOf(customer, salt))) {
    throw new S3Error("InvalidRequest", {
      message: "The provided encryption parameters did not match the ones used originally.",
    });
  }
  return createCustomerCipher(derive(customer, "data", salt));
}

export interface CustomerCipher {
  /** A part's data; 0 is an object that was stored whole. */
  encrypt(data: AsyncIterable<Uint8Array>, partNumber: number): AsyncIterable<Uint8Array>;
  /** Data of the object from `offset` on. */
  decrypt(data: AsyncIterable<Uint8Array>, offset: number, parts: PartLayout | undefined): AsyncIterable<Uint8Array>;
}

function createCustomerCipher(key: Buffer): CustomerCipher {
  /** A stream of one part from an offset within it. */
  const stream = (partNumber: number, offset: number): ((data: Uint8Array) => Uint8Array) => {
    const iv = Buffer.alloc(blockSize);
    iv.writeUInt32BE(partNumber, 0);
    iv.writeBigUInt64BE(BigInt(Math.floor(offset / blockSize)), 8);
    const cipher = createCipheriv("aes-256-ctr", key, iv);
    cipher.update(Buffer.alloc(offset % blockSize));
    return (data) => cipher.update(data);
  };

  return {
    async *encrypt(data, partNumber) {
      const apply = stream(partNumber, 0);
      for await (const chunk of data) yield apply(chunk);
    },
    async *decrypt(data, offset, parts) {
      const layout = parts ?? [{ partNumber: 0, size: Number.MAX_SAFE_INTEGER }];
      let index = 0;
      let within = offset;
      while (index < layout.length && within >= layout[index]!.size) within -= layout[index++]!.size;
      let apply: ((data: Uint8Array) => Uint8Array) | undefined;
      for await (const chunk of data) {
        let rest = chunk;
        while (rest.length > 0) {
          const part = layout[index];
          if (part === undefined) throw new S3Error("InternalError");
          apply ??= stream(part.partNumber, within);
          const take = Math.min(part.size - within, rest.length);
          yield apply(rest.subarray(0, take));
          rest = rest.subarray(take);
          within += take;
          if (within < part.size) continue;
          index++;
          within = 0;
          apply = undefined;
        }
      }
    },
  };
}

function checkOf(customer: CustomerKey, salt: Uint8Array): Buffer {
  return derive(customer, "check", salt).subarray(0, checkSize);
}

function derive(customer: CustomerKey, purpose: string, salt: Uint8Array): Buffer {
  return createHmac("sha256", customer.key).update(`postern sse-c ${purpose}\0`).update(salt).digest();
}
