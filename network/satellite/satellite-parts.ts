import type { Identity } from "../../core/identity/identity.js";
import type { BucketCache } from "./access/bucket-cache.js";
import type { Access } from "./access/caller.js";
import type { UploadLimiter } from "./access/upload-limiter.js";
import type { Usage } from "./access/usage.js";
import type { Database } from "./db/queries.js";
import type { EdgeUrlHolder } from "./edge-urls.js";
import type { Seal } from "./ids/seal.js";
import type { NodeDirectory } from "./nodes/directory.js";
import type { Pinger } from "./nodes/pinger.js";
import type { SatelliteConfig } from "./options.js";
import type { OrderMetadata } from "./orders/order-metadata.js";

/** What the handlers of the satellite's services work with. */
export interface SatelliteParts {
  readonly identity: Identity;
  readonly config: SatelliteConfig;
  readonly db: Database;
  readonly access: Access;
  readonly usage: Usage;
  readonly uploads: UploadLimiter;
  readonly buckets: BucketCache;
  readonly seal: Seal;
  readonly nodes: NodeDirectory;
  readonly pinger: Pinger;
  readonly orderMetadata: OrderMetadata;
  readonly edgeUrls: EdgeUrlHolder;
  /** Whether a node of this id may join. */
  acceptsNode(nodeId: Uint8Array): boolean;
  /** Sends a notification to a topic ("projects/ID/topics/ID"); absent where there is no way to. */
  readonly publishEvent: ((topic: string, event: Uint8Array) => Promise<void>) | undefined;
  /** Told of faults that a caller is only told "internal error" of. Never with secrets. */
  onProblem(message: string, error: unknown): void;
  /** Milliseconds since 1970. */
  now(): number;
}
