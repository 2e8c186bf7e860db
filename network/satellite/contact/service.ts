import { timestampOfMillis } from "../../../core/bytes/timestamp.js";
import { verifyChain } from "../../../core/identity/chain.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import { type BoundService, bindService, type CallContext } from "../../../core/rpc/transport.js";
import { NodeDefinition } from "../../../proto/gen/contact.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { checkIn } from "./check-in.js";
import { pingMe } from "./ping-me.js";

/** A storage node that calls: who it is, by the chain it proved itself with. */
export interface CallingNode {
  readonly nodeId: Uint8Array;
  readonly chain: readonly Uint8Array[];
}

/** What storage nodes ask of the satellite (storj/storj satellite/contact/endpoint.go). */
export function contactService(satellite: SatelliteParts): BoundService {
  return bindService(NodeDefinition, {
    checkIn: (request, context) => checkIn(satellite, request, callingNode(context)),
    pingMe: (request, context) => pingMe(satellite, request, callingNode(context)),
    async getTime(_request, context) {
      callingNode(context);
      return { timestamp: timestampOfMillis(satellite.now()) };
    },
  });
}

function callingNode({ peerChain }: CallContext): CallingNode {
  if (peerChain === undefined) {
    throw rpcError(RpcStatus.Unauthenticated, "check-in identity: failed to get ID from context");
  }
  return { nodeId: verifyChain(peerChain).nodeId, chain: peerChain };
}
