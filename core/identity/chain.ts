import { createHash, type KeyObject } from "node:crypto";
import { PosternError } from "../errors.js";
import { type Certificate, parseCertificate } from "./certificate.js";
import { derTag, readDer } from "./der.js";
import { type NodeId, nodeIdOfCaKey } from "./node-id.js";
import { hashAndVerify } from "./signature.js";

/** Who a certificate chain is. */
export interface PeerIdentity {
  readonly nodeId: NodeId;
  /** Public key that signs order limits and piece hashes. */
  readonly leafKey: KeyObject;
}

/** Certificates come from strangers: a chain is leaf, CA and at most a few signers of the CA. */
const maxChainLength = 8;
const maxCertificateSize = 64 * 1024;

const cacheSize = 1024;
/** Good chains by SHA-256 of their certificates: peers and the chains in upload replies come again and again. */
const verified = new Map<string, PeerIdentity>();

/**
 * Checks a chain (DER; leaf, CA, rest) as both ends of a connection do, and tells whose it is: each certificate is
 * signed by the next with SHA-256, the last by itself, and the CA may sign certificates. Dates, names and host names
 * do not matter. Throws `unauthenticated`, or `protocol-error` for what is no certificate.
 * Source: storj/common peertls/peertls.go VerifyPeerCertChains, identity/identity.go PeerIdentityFromChain.
 */
export function verifyChain(chain: readonly Uint8Array[]): PeerIdentity {
  const key = cacheKey(chain);
  const known = verified.get(key);
  if (known !== undefined) return known;
  const peer = verifyAfresh(chain);
  if (verified.size >= cacheSize) verified.delete(verified.keys().next().value!);
  verified.set(key, peer);
  return peer;
}

function cacheKey(chain: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  // DER elements say their own length, so the concatenation is as good as the list.
  for (const certificate of chain) hash.update(certificate);
  return `${chain.length}:${hash.digest("base64")}`;
}

function verifyAfresh(chain: readonly Uint8Array[]): PeerIdentity {
  if (chain.length < 2) throw refused("a certificate chain holds a leaf and its CA");
  if (chain.length > maxChainLength || chain.some((one) => one.length > maxCertificateSize)) {
    throw refused("certificate chain too long");
  }
  const certificates = chain.map(parseCertificate);
  for (const [i, certificate] of certificates.entries()) {
    const parent = certificates[i + 1] ?? certificate;
    if (!hashAndVerify(certificate.tbs, certificate.signature, parent.publicKey)) {
      throw refused("certificate chain signature verification failed");
    }
  }
  const [leaf, ca] = certificates as [Certificate, Certificate];
  // CheckSignatureFrom of Go's crypto/x509: the CA is one, and the leaf's stated algorithm holds too.
  if (!ca.x509.ca) throw refused("the issuer is not a certificate authority");
  if (!leaf.x509.verify(ca.publicKey)) throw refused("certificate chain invalid");
  return { nodeId: nodeIdOfCaKey(ca.spki, ca.identityVersion), leafKey: leaf.publicKey };
}

/** Cuts concatenated DER certificates (PieceUploadResponse.node_certchain). Throws `protocol-error`. */
export function splitCertificates(concatenated: Uint8Array): Uint8Array[] {
  const certificates: Uint8Array[] = [];
  for (let offset = 0; offset < concatenated.length; ) {
    const element = readDer(concatenated, offset);
    if (element.tag !== derTag.sequence) throw new PosternError("protocol-error", "malformed certificate chain");
    if (certificates.length >= maxChainLength) throw new PosternError("protocol-error", "certificate chain too long");
    certificates.push(element.whole);
    offset = element.end;
  }
  return certificates;
}

function refused(message: string): PosternError {
  return new PosternError("unauthenticated", message);
}
