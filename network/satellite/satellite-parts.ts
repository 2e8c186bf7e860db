import type { Identity } from "../../core/identity/identity.js";
import type { BucketCache } from "./access/bucket-cache.js";
import type { Access } from "./access/caller.js";
import type { Database } from "./db/queries.js";
import type { Seal } from "./ids/seal.js";
import type { NodeDirectory } from "./nodes/directory.js";
import type { Pinger } from "./nodes/pinger.js";
import type { SatelliteConfig } from "./options.js";

/** What the handlers of the satellite's services work with. */
export interface SatelliteParts {
  readonly identity: Identity;
  readonly config: SatelliteConfig;
  readonly db: Database;
  readonly access: Access;
  readonly buckets: BucketCache;
  readonly seal: Seal;
  readonly nodes: NodeDirectory;
  readonly pinger: Pinger;
  /** Whether a node of this id may join. */
  acceptsNode(nodeId: Uint8Array): boolean;
  /** Told of faults that a caller is only told "internal error" of. Never with secrets. */
  onProblem(message: string, error: unknown): void;
  /** Milliseconds since 1970. */
  now(): number;
}
