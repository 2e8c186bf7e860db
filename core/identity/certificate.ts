import { createHash, type KeyObject, randomBytes, X509Certificate } from "node:crypto";
import { equalBytes, utf8 } from "../bytes/bytes.js";
import { PosternError } from "../errors.js";
import { type DerElement, der, derOid, derTag, derUnsigned, readDer, readDerList } from "./der.js";
import { hashAndSign } from "./signature.js";

const oid = {
  ecdsaWithSha256: derOid("1.2.840.10045.4.3.2"),
  organizationName: derOid("2.5.4.10"),
  subjectKeyId: derOid("2.5.29.14"),
  keyUsage: derOid("2.5.29.15"),
  basicConstraints: derOid("2.5.29.19"),
  extKeyUsage: derOid("2.5.29.37"),
  serverAuth: derOid("1.3.6.1.5.5.7.3.1"),
  clientAuth: derOid("1.3.6.1.5.5.7.3.2"),
  /** Storj's extension for the version of an identity (storj/common peertls/extensions). */
  identityVersion: derOid("2.999.2.1"),
};

const yes = der(derTag.boolean, Uint8Array.of(0xff));
const none = new Uint8Array(0);

/** What a certificate of the network is made from; see `certificateTbs`. */
export interface CertificateTemplate {
  readonly kind: "ca" | "leaf";
  /** DER SubjectPublicKeyInfo of the certificate's own key. */
  readonly spki: Uint8Array;
  /** Big-endian serial number; 128 random bits when absent. */
  readonly serialNumber?: Uint8Array;
}

/**
 * TBSCertificate of the two templates of the network: issuer and subject are always O=Storj and both dates Go's zero
 * time, because nobody checks them. Source: storj/common peertls/templates.go, and the bytes Go makes of them.
 */
export function certificateTbs(template: CertificateTemplate): Uint8Array {
  const name = der(
    derTag.sequence,
    der(derTag.set, der(derTag.sequence, oid.organizationName, der(derTag.printableString, utf8("Storj")))),
  );
  const zeroTime = der(derTag.generalizedTime, utf8("00010101000000Z"));
  return der(
    derTag.sequence,
    der(derTag.explicit(0), derUnsigned(Uint8Array.of(2))),
    derUnsigned(template.serialNumber ?? randomBytes(16)),
    der(derTag.sequence, oid.ecdsaWithSha256),
    name,
    der(derTag.sequence, zeroTime, zeroTime),
    name,
    template.spki,
    der(derTag.explicit(3), der(derTag.sequence, ...extensions(template))),
  );
}

function extensions(template: CertificateTemplate): Uint8Array[] {
  if (template.kind === "leaf") {
    return [
      // digitalSignature and keyEncipherment
      extension(oid.keyUsage, true, der(derTag.bitString, Uint8Array.of(5, 0xa0))),
      extension(oid.extKeyUsage, false, der(derTag.sequence, oid.serverAuth, oid.clientAuth)),
      extension(oid.basicConstraints, true, der(derTag.sequence)),
    ];
  }
  return [
    // keyCertSign
    extension(oid.keyUsage, true, der(derTag.bitString, Uint8Array.of(2, 0x04))),
    extension(oid.basicConstraints, true, der(derTag.sequence, yes)),
    extension(oid.subjectKeyId, false, der(derTag.octetString, subjectKeyId(template.spki))),
    // The bare version byte: extnValue should hold DER (RFC 5280 4.2), but the network never wrapped it.
    extension(oid.identityVersion, false, Uint8Array.of(0)),
  ];
}

function extension(id: Uint8Array, critical: boolean, value: Uint8Array): Uint8Array {
  return der(derTag.sequence, id, critical ? yes : none, der(derTag.octetString, value));
}

/** RFC 7093 section 2, method 1: 160 bits of SHA-256 over the key's bits, which is what Go writes since 1.25. */
function subjectKeyId(spki: Uint8Array): Uint8Array {
  const keyBits = readDerList(readDer(spki).content)[1];
  if (keyBits === undefined) throw new PosternError("invalid-argument", "malformed public key");
  return createHash("sha256").update(keyBits.content.subarray(1)).digest().subarray(0, 20);
}

/** A certificate in DER: the template, signed with the issuer's ECDSA key. */
export function createCertificate(template: CertificateTemplate, issuerKey: KeyObject): Uint8Array {
  const tbs = certificateTbs(template);
  const signature = hashAndSign(tbs, issuerKey);
  return der(
    derTag.sequence,
    tbs,
    der(derTag.sequence, oid.ecdsaWithSha256),
    der(derTag.bitString, Uint8Array.of(0), signature),
  );
}

export interface Certificate {
  readonly x509: X509Certificate;
  readonly publicKey: KeyObject;
  /** DER of the public key, as the node id hashes it. */
  readonly spki: Uint8Array;
  /** The signed bytes. */
  readonly tbs: Uint8Array;
  readonly signature: Uint8Array;
  /** Byte of the identity version extension; 0 without one. */
  readonly identityVersion: number;
}

/** Reads one DER certificate. `protocol-error` when it is none. */
export function parseCertificate(bytes: Uint8Array): Certificate {
  const whole = readDer(bytes);
  const [tbs, algorithm, signature] = readDerList(whole.content);
  // Nothing may follow: two lists of certificates must not be the same bytes one after the other.
  if (whole.end !== bytes.length || signature?.tag !== derTag.bitString || signature.content[0] !== 0)
    throw malformed();
  // RFC 5280 4.1.1.2: the algorithm stands inside and outside of what is signed.
  const inner = tbs && readDerList(tbs.content)[2];
  if (tbs === undefined || !inner || !algorithm || !equalBytes(inner.whole, algorithm.whole)) throw malformed();
  try {
    const x509 = new X509Certificate(bytes);
    const { publicKey } = x509;
    return {
      x509,
      publicKey,
      spki: publicKey.export({ type: "spki", format: "der" }),
      tbs: tbs.whole,
      signature: signature.content.subarray(1),
      identityVersion: identityVersionOf(tbs),
    };
  } catch (cause) {
    throw cause instanceof PosternError ? cause : malformed(cause);
  }
}

function identityVersionOf(tbs: DerElement): number {
  const wrapper = readDerList(tbs.content).find((element) => element.tag === derTag.explicit(3));
  if (wrapper === undefined) return 0;
  for (const one of readDerList(readDer(wrapper.content).content)) {
    const parts = readDerList(one.content);
    if (parts[0] === undefined || !equalBytes(parts[0].whole, oid.identityVersion)) continue;
    const version = parts.at(-1)?.content[0];
    if (version === undefined) throw malformed();
    return version;
  }
  return 0;
}

function malformed(cause?: unknown): PosternError {
  return new PosternError("protocol-error", "malformed certificate", { cause });
}
