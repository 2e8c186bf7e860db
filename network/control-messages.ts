import { nodeIdText } from "../core/identity/node-id.js";
import type { NodeSpace, RunningNetwork } from "./network.js";
import type { AuditRound, GarbageRound, RepairRound, SegmentsHealth } from "./satellite/index.js";

/** What a running network can be told, by name, with what it answers. All of it is JSON. */
export interface ControlCommands {
  status: { readonly args: Record<never, never>; readonly answer: NetworkStatus };
  repair: { readonly args: Record<never, never>; readonly answer: RepairRound };
  audit: { readonly args: { readonly segments?: number }; readonly answer: AuditRound };
  gc: { readonly args: Record<never, never>; readonly answer: GarbageRound };
  "node-add": { readonly args: Record<never, never>; readonly answer: { readonly index: number } };
  "node-start": { readonly args: NodeArgs; readonly answer: NodeArgs };
  "node-stop": { readonly args: NodeArgs; readonly answer: NodeArgs };
  "node-remove": { readonly args: NodeArgs; readonly answer: NodeArgs };
}

interface NodeArgs {
  readonly index: number;
}

export type ControlCommand = keyof ControlCommands;

export type ControlRequest = {
  [C in ControlCommand]: { readonly command: C } & ControlCommands[C]["args"];
}[ControlCommand];

export interface NetworkStatus {
  /** "ID@host:port". */
  readonly satellite: string;
  readonly nodes: readonly NodeStatus[];
  readonly segments: SegmentsHealth;
}

export interface NodeStatus {
  readonly index: number;
  readonly id: string;
  readonly address: string;
  readonly running: boolean;
  /** What the satellite takes it for. */
  readonly online: boolean;
  readonly disqualified: boolean;
  /** Pieces that segments refer to. */
  readonly pieces: number;
  /** Absent for a node that does not run. */
  readonly space?: NodeSpace;
}

/** The request of a line that a stranger may have written, or undefined. */
export function parseControlRequest(line: string): ControlRequest | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof value !== "object" || value === null || !("command" in value)) return undefined;
  const number = (name: string) => {
    const found = (value as Record<string, unknown>)[name];
    return typeof found === "number" && Number.isInteger(found) && found >= 0 ? found : undefined;
  };
  const { command } = value;
  switch (command) {
    case "status":
    case "repair":
    case "gc":
    case "node-add":
      return { command };
    case "audit": {
      const segments = number("segments");
      return segments === undefined ? { command } : { command, segments };
    }
    case "node-start":
    case "node-stop":
    case "node-remove": {
      const index = number("index");
      return index === undefined ? undefined : { command, index };
    }
    default:
      return undefined;
  }
}

export async function runControl(network: RunningNetwork, request: ControlRequest): Promise<unknown> {
  switch (request.command) {
    case "status":
      return networkStatus(network);
    case "repair":
      return network.repair();
    case "audit":
      return network.audit(request.segments);
    case "gc":
      return network.collectGarbage();
    case "node-add":
      return { index: await network.addNode() };
    case "node-start":
      await network.startNode(request.index);
      return { index: request.index };
    case "node-stop":
      await network.stopNode(request.index);
      return { index: request.index };
    case "node-remove":
      await network.removeNode(request.index);
      return { index: request.index };
  }
}

async function networkStatus(network: RunningNetwork): Promise<NetworkStatus> {
  const { nodes, segments } = await network.health();
  const known = new Map(nodes.map((node) => [nodeIdText(node.nodeId), node]));
  return {
    satellite: network.nodeUrl,
    segments,
    nodes: network.nodes().map(({ index, nodeId, address, running, space }) => {
      const id = nodeIdText(nodeId);
      const health = known.get(id);
      return {
        index,
        id,
        address,
        running,
        online: health?.online ?? false,
        disqualified: health?.disqualified ?? false,
        pieces: health?.pieces ?? 0,
        space,
      };
    }),
  };
}
