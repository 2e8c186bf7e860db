import type { PieceHash } from "../../proto/gen/orders.js";

/** Where tests make a node misbehave. No configuration leads here: only code that starts a node can hand one in. */
export interface NodeFaults {
  /** Before a call is looked at: throw to reject it, take long to be slow, never resolve to freeze. */
  onCall?(kind: "upload" | "download", signal: AbortSignal): Promise<void>;
  /** Bytes of a piece on their way to the disk. */
  onReceived?(data: Uint8Array, offset: number, signal: AbortSignal): Promise<void>;
  /** Bytes of a piece on their way out; must return as many. */
  onSend?(data: Uint8Array, offset: number, signal: AbortSignal): Promise<Uint8Array>;
  /** What the node is about to sign about a piece. */
  onSign?(hash: PieceHash): PieceHash;
}
