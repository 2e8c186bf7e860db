import type { EncryptionStore } from "./crypto/encryption-store.js";
import type { MetainfoClient } from "./metainfo/client.js";
import type { FilledTransferOptions } from "./options.js";
import type { ConnectionSource } from "./rpc/transport.js";
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
  readonly options: FilledTransferOptions;
}
