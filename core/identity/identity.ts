import { createPublicKey, generateKeyPair, generateKeyPairSync, type KeyObject } from "node:crypto";
import { equalBytes } from "../bytes/bytes.js";
import { abortError, PosternError } from "../errors.js";
import { createCertificate } from "./certificate.js";
import { verifyChain } from "./chain.js";
import { difficultyOf, type NodeId, nodeIdOfCaKey } from "./node-id.js";
import { certificatesFromPem, certificatesToPem, privateKeyFromPem, privateKeyToPem } from "./pem.js";

/** Who we are on the network: a leaf certificate with its key, vouched for by a CA whose key the node id hashes. */
export interface Identity {
  readonly nodeId: NodeId;
  /** DER: leaf, CA, rest. */
  readonly chain: readonly Uint8Array[];
  /** Private key of the leaf. */
  readonly privateKey: KeyObject;
}

/** A certificate authority: keep its key offline, it can make new leaves for the same node id. */
export interface IdentityAuthority {
  readonly nodeId: NodeId;
  /** DER. */
  readonly certificate: Uint8Array;
  readonly privateKey: KeyObject;
}

export interface CreateIdentityOptions {
  /**
   * Trailing zero bits of the node id, of which 8 come for nothing; 0 when absent. Each bit doubles the work: 36, what
   * public satellites ask of new nodes, takes hours.
   */
  difficulty?: number;
  signal?: AbortSignal;
}

interface KeyPair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** A fresh identity. The search for a difficult id runs in libuv's threads. */
export async function createIdentity(options: CreateIdentityOptions = {}): Promise<Identity> {
  return issueIdentity(await createAuthority(options));
}

/** A CA whose id has the wanted difficulty (storj/common identity/certificate_authority.go NewCA). */
export async function createAuthority({
  difficulty = 0,
  signal,
}: CreateIdentityOptions = {}): Promise<IdentityAuthority> {
  if (!Number.isInteger(difficulty) || difficulty < 0 || difficulty > 248) {
    throw new PosternError("invalid-argument", "difficulty must be 0 to 248");
  }
  for (;;) {
    const candidates = difficulty <= 8 ? [newKeyPair()] : await Promise.all(Array.from({ length: 8 }, searchKeyPair));
    if (signal?.aborted) throw abortError(signal);
    for (const { publicKey, privateKey } of candidates) {
      const spki = publicKey.export({ type: "spki", format: "der" });
      const nodeId = nodeIdOfCaKey(spki);
      if (difficultyOf(nodeId) < difficulty) continue;
      return { nodeId, certificate: createCertificate({ kind: "ca", spki }, privateKey), privateKey };
    }
  }
}

/** A new leaf of an authority. */
export function issueIdentity(authority: IdentityAuthority): Identity {
  const { publicKey, privateKey } = newKeyPair();
  const spki = publicKey.export({ type: "spki", format: "der" });
  const leaf = createCertificate({ kind: "leaf", spki }, authority.privateKey);
  return { nodeId: authority.nodeId, chain: [leaf, authority.certificate], privateKey };
}

function newKeyPair(): KeyPair {
  return generateKeyPairSync("ec", { namedCurve: "P-256" });
}

function searchKeyPair(): Promise<KeyPair> {
  return new Promise((resolve, reject) => {
    generateKeyPair("ec", { namedCurve: "P-256" }, (error, publicKey, privateKey) => {
      if (error) reject(error);
      else resolve({ publicKey, privateKey });
    });
  });
}

/**
 * Reads an identity from the texts of identity.cert (leaf, CA, rest) and identity.key, as Go writes them. Throws
 * `invalid-argument` when there is no key, or not the leaf's, and what `verifyChain` throws.
 */
export function loadIdentity(certPem: string, keyPem: string): Identity {
  const chain = certificatesFromPem(certPem);
  const privateKey = privateKeyFromPem(keyPem);
  const { nodeId, leafKey } = verifyChain(chain);
  const spki = { type: "spki", format: "der" } as const;
  if (!equalBytes(createPublicKey(privateKey).export(spki), leafKey.export(spki))) {
    throw new PosternError("invalid-argument", "the private key is not the certificate's");
  }
  return { nodeId, chain, privateKey };
}

/** Texts of identity.cert and identity.key, which Go reads; also what a TLS socket wants as `cert` and `key`. */
export function identityPem(identity: Identity): { cert: string; key: string } {
  return { cert: certificatesToPem(identity.chain), key: privateKeyToPem(identity.privateKey) };
}
