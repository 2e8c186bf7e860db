import { type Macaroon, parseMacaroon, tailsOf } from "../../../core/access/macaroon.js";
import { timingSafeEqualBytes } from "../../../core/bytes/bytes.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { RevokeAPIKeyRequest, RevokeAPIKeyResponse } from "../../../proto/gen/metainfo.js";
import { revokeTail } from "../data/revocations.js";
import { microsOfMillis } from "../data/times.js";
import type { Handler } from "./handler.js";

/** A key may revoke what was made from it, and so not itself. */
export const revokeApiKey: Handler<RevokeAPIKeyRequest, RevokeAPIKeyResponse> = async (satellite, request) => {
  const revoked = macaroonToRevoke(request.apiKey);
  const caller = await satellite.access.caller(request.header);
  const tails = tailsOf(revoked, caller.record.secret);
  if (!timingSafeEqualBytes(tails.at(-1)!, revoked.tail)) {
    throw rpcError(RpcStatus.InvalidArgument, "Macaroon to revoke invalid");
  }
  if (!tails.slice(0, -1).some((tail) => timingSafeEqualBytes(tail, caller.key.tail))) {
    throw rpcError(RpcStatus.PermissionDenied, "Unauthorized attempt to revoke macaroon");
  }
  await satellite.db.write((tx) => revokeTail(tx, revoked.tail, caller.record.id, microsOfMillis(caller.time)));
  satellite.access.forgetRevocations();
  return {};
};

function macaroonToRevoke(bytes: Uint8Array): Macaroon {
  try {
    return parseMacaroon(bytes);
  } catch {
    throw rpcError(RpcStatus.InvalidArgument, "API key to revoke is not a macaroon");
  }
}
