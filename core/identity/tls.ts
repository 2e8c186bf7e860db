import { constants, X509Certificate } from "node:crypto";
import {
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from "node:tls";
import type { Identity } from "./identity.js";

/** AES-128 first: the cheapest where the processor has AES instructions, and what Go chooses. */
const ciphers = [
  "TLS_AES_128_GCM_SHA256",
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
].join(":");

/** The TLS settings of a node, for both sides (storj/common peertls/tlsopts/tls.go): no tickets, 1.2 or later. */
export function nodeContextOptions(identity: Identity): SecureContextOptions {
  return {
    cert: identity.chain.map(pem).join(""),
    key: identity.privateKey.export({ type: "pkcs8", format: "pem" }),
    ciphers,
    minVersion: "TLSv1.2",
    secureOptions: constants.SSL_OP_NO_TICKET,
  };
}

export function nodeSecureContext(identity: Identity): SecureContext {
  return createSecureContext(nodeContextOptions(identity));
}

function pem(der: Uint8Array): string {
  return new X509Certificate(der).toString();
}

/**
 * Options that leave the verification to `verifyChain`: chains end in no root that the system knows, and their
 * dates are those of year 1.
 */
export const nodeVerification = { rejectUnauthorized: false, checkServerIdentity: () => undefined } as const;

/** The peer's certificates (DER), leaf first; empty when it has sent none. */
export function peerChainOf(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = [];
  let certificate: PeerCertificate | undefined = socket.getPeerCertificate(true);
  while (certificate?.raw !== undefined && chain.length < maxChain) {
    chain.push(certificate.raw);
    const issuer: PeerCertificate | undefined = (certificate as { issuerCertificate?: PeerCertificate })
      .issuerCertificate;
    if (issuer?.raw === undefined || issuer.raw.equals(certificate.raw)) break;
    certificate = issuer;
  }
  return chain;
}

const maxChain = 9;
