import { createPrivateKey, type KeyObject } from "node:crypto";
import { PosternError } from "../errors.js";

const block = /-----BEGIN ([A-Z0-9 ]+)-----([^-]*)-----END \1-----/g;

/** DER of all certificates in a PEM text, in order; other blocks are skipped (storj/common pkcrypto CertsFromPEM). */
export function certificatesFromPem(pem: string): Uint8Array[] {
  return [...pem.matchAll(block)]
    .filter((match) => match[1] === "CERTIFICATE")
    .map((match) => Buffer.from(match[2]!, "base64"));
}

export function certificatesToPem(certificates: readonly Uint8Array[]): string {
  return certificates.map((certificate) => pemBlock("CERTIFICATE", certificate)).join("");
}

/** The first block: PKCS#8 ("PRIVATE KEY"), or SEC 1 ("EC PRIVATE KEY") of old identities. Else `invalid-argument`. */
export function privateKeyFromPem(pem: string): KeyObject {
  const [first] = pem.matchAll(block);
  if (first === undefined || !["PRIVATE KEY", "EC PRIVATE KEY"].includes(first[1]!)) {
    throw new PosternError("invalid-argument", "no private key in the PEM text");
  }
  const der = Buffer.from(first[2]!, "base64");
  try {
    return createPrivateKey({ key: der, format: "der", type: first[1] === "PRIVATE KEY" ? "pkcs8" : "sec1" });
  } catch {
    // No cause: OpenSSL's text could quote what must not get into a log.
    throw new PosternError("invalid-argument", "the private key can not be read");
  }
}

/** PKCS#8, as Go writes it. */
export function privateKeyToPem(key: KeyObject): string {
  return pemBlock("PRIVATE KEY", key.export({ type: "pkcs8", format: "der" }));
}

/** Lines of 64 characters (RFC 7468). */
function pemBlock(label: string, der: Uint8Array): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
