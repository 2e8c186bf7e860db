import { type ErrorCode, isPosternError, PosternError } from "../core/errors.js";
import type { NetworkNode, RunningNetwork } from "./network.js";
import type { NetworkOptions } from "./options.js";

/** Calls that cross to the process of a network, by name. */
export type RemoteCall =
  | "createProject"
  | "listProjects"
  | "createApiKey"
  | "addLicense"
  | "nodes"
  | "setEdgeUrls"
  | "stopNode"
  | "startNode"
  | "addNode"
  | "removeNode"
  | "repair"
  | "collectGarbage"
  | "audit"
  | "health"
  | "usage";

/** From the starting process to the network's. Messages are structured clones. */
export type ToNetwork =
  | { readonly type: "start"; readonly options: Omit<NetworkOptions, "onProblem"> }
  | { readonly type: "call"; readonly id: number; readonly name: RemoteCall; readonly args: readonly unknown[] }
  | { readonly type: "stop" };

/** From the network's process. */
export type FromNetwork =
  | { readonly type: "ready"; readonly nodeUrl: string; readonly nodeId: Uint8Array; readonly address: string }
  | { readonly type: "failed"; readonly error: ErrorMessage }
  | { readonly type: "reply"; readonly id: number; readonly value?: unknown; readonly error?: ErrorMessage }
  | { readonly type: "problem"; readonly message: string; readonly error: ErrorMessage };

/** An error without what only means something inside its process. */
export interface ErrorMessage {
  readonly code: ErrorCode;
  readonly message: string;
}

export function errorMessage(error: unknown): ErrorMessage {
  if (isPosternError(error)) return { code: error.code, message: error.message };
  return { code: "internal", message: error instanceof Error ? error.message : String(error) };
}

export function errorOf({ code, message }: ErrorMessage): PosternError {
  return new PosternError(code, message);
}

/** Runs a call in the network's process. */
export async function runCall(network: RunningNetwork, name: RemoteCall, args: readonly unknown[]): Promise<unknown> {
  switch (name) {
    case "createProject":
      return network.createProject(...(args as Parameters<RunningNetwork["createProject"]>));
    case "listProjects":
      return network.listProjects();
    case "createApiKey":
      return network.createApiKey(...(args as Parameters<RunningNetwork["createApiKey"]>));
    case "addLicense":
      return network.addLicense(...(args as Parameters<RunningNetwork["addLicense"]>));
    case "nodes":
      return network.nodes() satisfies NetworkNode[];
    case "setEdgeUrls":
      return network.setEdgeUrls(...(args as Parameters<RunningNetwork["setEdgeUrls"]>));
    case "stopNode":
      return network.stopNode(...(args as Parameters<RunningNetwork["stopNode"]>));
    case "startNode":
      return network.startNode(...(args as Parameters<RunningNetwork["startNode"]>));
    case "addNode":
      return network.addNode();
    case "removeNode":
      return network.removeNode(...(args as Parameters<RunningNetwork["removeNode"]>));
    case "repair":
      return network.repair();
    case "collectGarbage":
      return network.collectGarbage();
    case "audit":
      return network.audit(...(args as Parameters<RunningNetwork["audit"]>));
    case "health":
      return network.health();
    case "usage":
      return network.usage(...(args as Parameters<RunningNetwork["usage"]>));
  }
}
