import { randomInt } from "node:crypto";
import { toHex } from "../../../core/bytes/bytes.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { NodeRecord } from "../data/nodes.js";
import type { NodeDirectory } from "./directory.js";

export interface SelectNodes {
  /** Nodes wanted. */
  readonly count: number;
  /** Fewer than these are an error. */
  readonly least: number;
  /** Nodes not to take. */
  readonly exclude?: readonly Uint8Array[];
  /** Bytes that each must have free. */
  readonly minFreeDisk: number;
}

/**
 * Random online nodes with room, from as many different networks as there are. The real satellite insists on `count`
 * nodes; a small network goes on with the `least` that an upload needs while some of its nodes are away.
 */
export function selectNodes(directory: NodeDirectory, select: SelectNodes): NodeRecord[] {
  const excluded = new Set((select.exclude ?? []).map(toHex));
  const usable: NodeRecord[] = [];
  for (const node of directory.all()) {
    if (excluded.has(toHex(node.id))) continue;
    if (directory.isOnline(node) && node.freeDisk >= select.minFreeDisk) usable.push(node);
  }
  if (usable.length < select.least) {
    throw rpcError(
      RpcStatus.FailedPrecondition,
      `not enough nodes: requested from cache ${select.count}, found ${usable.length}`,
    );
  }
  return spread(shuffle(usable)).slice(0, select.count);
}

/** First one node of each network, then second ones, and so on. */
function spread(nodes: readonly NodeRecord[]): NodeRecord[] {
  const taken = new Map<string, number>();
  const rounds: NodeRecord[][] = [];
  for (const node of nodes) {
    const round = taken.get(node.lastNet) ?? 0;
    taken.set(node.lastNet, round + 1);
    rounds[round] ??= [];
    rounds[round].push(node);
  }
  return rounds.flat();
}

/** A random order, in place (Fisher and Yates). */
export function shuffle<T>(items: T[]): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    const item = items[i]!;
    items[i] = items[j]!;
    items[j] = item;
  }
  return items;
}
