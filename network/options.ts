import { PosternError } from "../core/errors.js";
import type {
  RateLimit,
  Redundancy,
  SatelliteLimits,
  SatelliteTimes,
  UploadRate,
  UsageLimits,
} from "./satellite/index.js";

export interface NetworkOptions {
  /** Folder of the network's own: identities, the satellite's database, the nodes' pieces. Made if it is not there. */
  readonly dir: string;
  /** "postgres://…" of a PostgreSQL database for the satellite, in place of an SQLite file in `dir`. */
  readonly database?: string;
  /** Connections to PostgreSQL at most; 10 when absent. */
  readonly databaseConnections?: number;
  /** Address to listen at; 127.0.0.1 when absent. Access grants name it. */
  readonly host?: string;
  /** Storage nodes; 10 when absent. */
  readonly nodes?: number;
  /** Ports of the satellite and of the first node, which the others follow; free ones when absent or 0. */
  readonly ports?: { readonly satellite?: number; readonly firstNode?: number };
  /** How segments are spread; 4/6/8/10 shares of 256 bytes when absent, or as much of it as there are nodes. */
  readonly redundancy?: Redundancy;
  readonly limits?: Partial<SatelliteLimits>;
  readonly times?: Partial<SatelliteTimes>;
  /** For projects without a limit of their own; none when absent. */
  readonly rateLimit?: RateLimit;
  /** How often one object may be uploaded; as often as one likes when absent. */
  readonly uploadRate?: UploadRate;
  /** For projects without limits of their own; none when absent. */
  readonly usageLimits?: UsageLimits;
  /** Bytes that each node may fill; what the disk holds when absent. */
  readonly nodeCapacityBytes?: number;
  /** False: pieces may be lost when the machine (not just the process) crashes. True when absent. */
  readonly durable?: boolean;
  /** True: any node may join by checking in with the satellite, and is given data. Only its own when absent. */
  readonly open?: boolean;
  /** True: the network answers `controlNetwork` on a socket in its folder. It does not when absent. */
  readonly control?: boolean;
  /** Hears of what goes wrong without a caller to tell. Never holds secrets. Nothing when absent. */
  readonly onProblem?: (message: string, error: unknown) => void;
}

/** Two digits name a node's folder. */
export const maxNodes = 100;

export function checkNodeCount(nodes: number, redundancy: Redundancy): void {
  if (!Number.isInteger(nodes) || nodes < 0 || nodes > maxNodes) {
    throw new PosternError("invalid-argument", `a network has 0 to ${maxNodes} storage nodes`);
  }
  if (nodes > 0 && nodes < redundancy.optimal) {
    throw new PosternError(
      "invalid-argument",
      `${nodes} storage nodes are too few for uploads that need ${redundancy.optimal}`,
    );
  }
}

/** 4/6/8/10 for ten nodes and more, and the same proportions for fewer. */
export function defaultRedundancy(nodes: number): Redundancy {
  const total = nodes === 0 ? 10 : Math.min(nodes, 10);
  const required = Math.max(1, Math.floor(total * 0.4));
  const repair = Math.max(required, Math.floor(total * 0.6));
  return { required, repair, optimal: Math.max(repair, Math.floor(total * 0.8)), total, shareSize: 256 };
}
