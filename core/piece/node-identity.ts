import { concatBytes, equalBytes } from "../bytes/bytes.js";
import { PosternError } from "../errors.js";
import { type PeerIdentity, splitCertificates, verifyChain } from "../identity/chain.js";

/** Chains of connections are the same arrays for all calls on them; what was verified once stays so. */
const verified = new WeakMap<readonly Uint8Array[], { identity: PeerIdentity; bytes: Uint8Array }>();

/**
 * Who signed a reply: the certificates that came with it, else those of the connection (storj/uplink
 * private/piecestore/upload.go). They are nearly always the same, and verifying a chain costs as much as all else.
 */
export function replyIdentity(nodeCertchain: Uint8Array, peerChain: readonly Uint8Array[] | undefined): PeerIdentity {
  if (peerChain !== undefined) {
    let known = verified.get(peerChain);
    if (known === undefined) {
      known = { identity: verifyChain(peerChain), bytes: concatBytes(...peerChain) };
      verified.set(peerChain, known);
    }
    if (nodeCertchain.length === 0 || equalBytes(nodeCertchain, known.bytes)) return known.identity;
  }
  if (nodeCertchain.length === 0) throw new PosternError("protocol-error", "node sent no certificates");
  return verifyChain(splitCertificates(nodeCertchain));
}
