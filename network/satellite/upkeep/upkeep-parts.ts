import type { Identity } from "../../../core/identity/identity.js";
import type { ConnectionSource } from "../../../core/rpc/transport.js";
import type { Database } from "../db/queries.js";
import type { NodeDirectory } from "../nodes/directory.js";
import type { SatelliteConfig } from "../options.js";

/** What the jobs that keep a network in order work with. */
export interface UpkeepParts {
  readonly identity: Identity;
  readonly config: SatelliteConfig;
  readonly db: Database;
  readonly directory: NodeDirectory;
  /** Reaches the storage nodes. */
  readonly connections: ConnectionSource;
  /** Milliseconds without progress until a node is given up. */
  readonly stallTimeoutMs: number;
  onProblem(message: string, error: unknown): void;
  /** Milliseconds since 1970. */
  now(): number;
}
