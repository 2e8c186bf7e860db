import { createHmac } from "node:crypto";
import { argon2id } from "hash-wasm";
import { concatBytes, utf8 } from "../bytes/bytes.js";
import { argon2idOnePass } from "./argon2id.js";
import { keySize } from "./cipher-suite.js";

/** First 32 bytes of HMAC-SHA512 (storj/common encryption/encryption.go DeriveKey). */
export function deriveKey(key: Uint8Array, message: string | Uint8Array): Uint8Array {
  return new Uint8Array(createHmac("sha512", key).update(message).digest().subarray(0, keySize));
}

/** Key of the path component below a key, whatever the path cipher (storj/common encryption/path.go). */
export function derivePathComponentKey(parentKey: Uint8Array, component: Uint8Array): Uint8Array {
  return deriveKey(parentKey, concatBytes(utf8("path:"), component));
}

/**
 * Argon2id of a password: 64 MiB, one pass, about 0.1 s. `salt` is the project's, from ProjectInfo. The lanes are a part
 * of the result: 8 for access grants, 1 in uplink's DeriveEncryptionKey (storj/common encryption/password.go).
 */
export async function deriveRootKey(
  password: Uint8Array,
  salt: Uint8Array,
  path: string | Uint8Array = "",
  parallelism = 8,
): Promise<Uint8Array> {
  const mixed = createHmac("sha256", password).update(salt).digest();
  const pathSalt = createHmac("sha256", mixed).update(path).digest();
  const options = { password, salt: pathSalt, parallelism, memorySize: 64 * 1024 };
  if (password.length === 0) return argon2idOnePass(options);
  return argon2id({ ...options, iterations: 1, hashLength: keySize, outputType: "binary" });
}
