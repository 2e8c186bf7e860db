import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { CheckInRequest, CheckInResponse } from "../../../proto/gen/contact.js";
import { microsOfMillis } from "../data/times.js";
import { type ResolvedAddress, resolveAddress } from "../nodes/network-of.js";
import type { SatelliteParts } from "../satellite-parts.js";
import type { CallingNode } from "./service.js";

/** Longest texts kept of what a node says of itself. */
const maxText = 256;

/** A node says where it is and how it does; the satellite calls it back there to see whether that is so. */
export async function checkIn(
  satellite: SatelliteParts,
  request: CheckInRequest,
  { nodeId, chain }: CallingNode,
): Promise<CheckInResponse> {
  const resolved = await resolve(request.address);
  const ping = await satellite.pinger.ping(nodeId, request.address);
  const now = microsOfMillis(satellite.now());
  await satellite.nodes.checkIn(
    {
      id: nodeId,
      address: request.address,
      lastIpPort: resolved.ipPort,
      lastNet: resolved.network,
      debounceLimit: request.debounceLimit,
      features: request.features,
      freeDisk: request.capacity?.freeDisk ?? 0,
      version: (request.version?.version ?? "").slice(0, maxText),
      email: (request.operator?.email ?? "").slice(0, maxText),
      wallet: (request.operator?.wallet ?? "").slice(0, maxText),
      createdAt: now,
      lastContactSuccess: ping.success ? now : 0,
      lastContactFailure: ping.success ? 0 : now,
      disqualified: null,
      exitFinishedAt: null,
    },
    chain,
  );
  return {
    pingNodeSuccess: ping.success,
    pingErrorMessage: ping.message,
    pingNodeSuccessQuic: false,
    nodeTagSuccess: false,
    nodeTagErrorMessage: "",
    hashstoreSettings: undefined,
  };
}

async function resolve(address: string): Promise<ResolvedAddress> {
  try {
    if (address.length > maxText) throw new Error("address too long");
    return await resolveAddress(address);
  } catch (cause) {
    throw rpcError(
      RpcStatus.InvalidArgument,
      `check-in network: failed to resolve IP from address: ${address.slice(0, maxText)}`,
      cause,
    );
  }
}
