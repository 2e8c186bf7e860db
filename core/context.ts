import type { EncryptionStore } from "./crypto/encryption-store.js";
import type { MetainfoClient } from "./metainfo/client.js";
import type { FilledTransferOptions } from "./options.js";
import type { ConnectionSource } from "./rpc/transport.js";
import type { BufferBudget } from "./segment/buffer-budget.js";
import type { SegmentCodec } from "./segment/codec.js";
import type { MemoryBudget } from "./segment/memory-budget.js";
import type { NodeSpeeds } from "./segment/node-speeds.js";

/** What the operations of an open project share. */
export interface ProjectContext {
  readonly store: EncryptionStore;
  readonly metainfo: MetainfoClient;
  /** Reaches the satellite and the storage nodes. */
  readonly connections: ConnectionSource;
  readonly codec: SegmentCodec;
  readonly speeds: NodeSpeeds;
  readonly replayBudget: MemoryBudget;
  /**
   * What uploads and downloads buffer. Two, for an upload may have a download for its body: downloads reserve once, for
   * their whole length, and uploads a segment at a time, but only when there are bytes of its body.
   */
  readonly uploadBuffers: BufferBudget;
  readonly downloadBuffers: BufferBudget;
  readonly options: FilledTransferOptions;
}
