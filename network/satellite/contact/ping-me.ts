import { nodeIdText } from "../../../core/identity/node-id.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { PingMeRequest, PingMeResponse } from "../../../proto/gen/contact.js";
import { NodeTransport } from "../../../proto/gen/node.js";
import type { SatelliteParts } from "../satellite-parts.js";
import type { CallingNode } from "./service.js";

/** Calls the node back once, so that it can tell its owner whether it can be reached. */
export async function pingMe(
  satellite: SatelliteParts,
  request: PingMeRequest,
  { nodeId }: CallingNode,
): Promise<PingMeResponse> {
  if (request.transport !== NodeTransport.TCP_TLS_RPC) {
    throw rpcError(RpcStatus.InvalidArgument, `invalid transport: ${request.transport}`);
  }
  const { success, message } = await satellite.pinger.ping(nodeId, request.address);
  if (!success) {
    throw rpcError(
      RpcStatus.NotFound,
      `check-in network: failed to ping node (ID: ${nodeIdText(nodeId)}) at address: ${request.address}, err: ${message}`,
    );
  }
  return {};
}
