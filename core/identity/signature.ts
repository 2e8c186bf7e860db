import { constants, type KeyObject, sign, verify } from "node:crypto";
import { PosternError } from "../errors.js";

/**
 * Signature of an identity's key over SHA-256 of the data, as certificates, order limits and nodes' piece hashes carry
 * it: ECDSA in ASN.1 DER (random, not low-S), or RSA-PSS with the longest salt. Source: storj/common
 * pkcrypto/signing.go.
 */
export function hashAndSign(data: Uint8Array, privateKey: KeyObject): Uint8Array {
  switch (privateKey.asymmetricKeyType) {
    case "ec":
      return sign("sha256", data, privateKey);
    case "rsa":
      return sign("sha256", data, {
        key: privateKey,
        padding: constants.RSA_PKCS1_PSS_PADDING,
        saltLength: constants.RSA_PSS_SALTLEN_MAX_SIGN,
      });
    default:
      throw new PosternError("invalid-argument", "unsupported kind of identity key");
  }
}

/** Whether `hashAndSign` with the private half of `publicKey` can have made the signature. */
export function hashAndVerify(data: Uint8Array, signature: Uint8Array, publicKey: KeyObject): boolean {
  switch (publicKey.asymmetricKeyType) {
    case "ec":
      return verify("sha256", data, publicKey, signature);
    case "rsa":
      return verify(
        "sha256",
        data,
        {
          key: publicKey,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: constants.RSA_PSS_SALTLEN_AUTO,
        },
        signature,
      );
    default:
      return false;
  }
}
