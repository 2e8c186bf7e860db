import { toHex } from "../../../core/bytes/bytes.js";
import { timestampOfMillis } from "../../../core/bytes/timestamp.js";
import { verifyChain } from "../../../core/identity/chain.js";
import { nodeIdText } from "../../../core/identity/node-id.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import { type BoundService, bindService, type CallContext } from "../../../core/rpc/transport.js";
import { NodeDefinition } from "../../../proto/gen/contact.js";
import { createRateLimiter } from "../access/rate-limiter.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { amnestyReport } from "./amnesty-report.js";
import { checkIn } from "./check-in.js";
import { pingMe } from "./ping-me.js";

/** Check-ins and pings of one node: it calls once an hour, and some times more when it starts again and again. */
const checkInLimit = { perSecond: 0.2, burst: 20 };

/** A storage node that calls: who it is, by the chain it proved itself with. */
export interface CallingNode {
  readonly nodeId: Uint8Array;
  readonly chain: readonly Uint8Array[];
}

/** What storage nodes ask of the satellite (storj/storj satellite/contact/endpoint.go). */
export function contactService(satellite: SatelliteParts): BoundService {
  const limiter = createRateLimiter(satellite.now);

  /** Both calls have the satellite dial where the caller says: that is for members, and not too often. */
  function admitted(context: CallContext): CallingNode {
    const node = callingNode(context);
    if (!satellite.acceptsNode(node.nodeId)) {
      throw rpcError(RpcStatus.PermissionDenied, `check-in: node ${nodeIdText(node.nodeId)} may not join`);
    }
    limiter.take(toHex(node.nodeId), checkInLimit, false);
    return node;
  }

  return bindService(NodeDefinition, {
    checkIn: (request, context) => checkIn(satellite, request, admitted(context)),
    pingMe: (request, context) => pingMe(satellite, request, admitted(context)),
    amnestyReport: (request, context) => amnestyReport(satellite, request, admitted(context)),
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
