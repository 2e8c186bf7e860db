import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { AmnestyReportRequest, AmnestyReportResponse } from "../../../proto/gen/contact.js";
import { addLostPiece } from "../data/lost-pieces.js";
import { microsOfMillis } from "../data/times.js";
import type { SatelliteParts } from "../satellite-parts.js";
import type { CallingNode } from "./service.js";

const maxReported = 1000;

/** A node says which pieces it has lost, before an audit finds out: repair counts them as missing. */
export async function amnestyReport(
  satellite: SatelliteParts,
  { lostPieces }: AmnestyReportRequest,
  { nodeId }: CallingNode,
): Promise<AmnestyReportResponse> {
  const ids = lostPieces.map(({ pieceId }) => pieceId);
  if (ids.length > maxReported) throw rpcError(RpcStatus.InvalidArgument, `more than ${maxReported} lost pieces`);
  if (ids.some((id) => id.length !== 32)) throw rpcError(RpcStatus.InvalidArgument, "invalid piece id");
  const now = microsOfMillis(satellite.now());
  await satellite.db.write(async (tx) => {
    for (const id of ids) await addLostPiece(tx, nodeId, id, now);
  });
  return {};
}
