import { isPosternError, PosternError } from "../../core/index.js";
import { type BoundService, bindService } from "../../core/rpc/index.js";
import {
  EdgeAuthDefinition,
  type EdgeRegisterAccessRequest,
  type EdgeRegisterAccessResponse,
} from "../../proto/gen/edgeauth.js";
import type { AccessKeys, Logger } from "../frontend.js";
import { hostOf } from "./client-limit.js";

/**
 * EdgeAuth over any RPC transport; the service that `uplink access register` calls. `take` limits clients. Servers that are
 * shared take longer messages than registrations have: hence `maxGrantBytes`.
 */
export function edgeAuthService(
  access: AccessKeys,
  log: Logger,
  take: (address: string) => number,
  maxGrantBytes: number,
): BoundService {
  const register = async (request: EdgeRegisterAccessRequest, client: string): Promise<EdgeRegisterAccessResponse> => {
    if (take(client) > 0) throw new PosternError("too-many-requests", "too many registrations; wait a minute");
    if (request.accessGrant.length > maxGrantBytes) {
      throw new PosternError("invalid-argument", "provided access grant is too large");
    }
    try {
      const issued = await access.register({ accessGrant: request.accessGrant, public: request.public });
      return { ...issued, freeTierRestrictedExpiration: undefined };
    } catch (error) {
      // Callers read why their grant was refused; the Go service hides it behind an empty Internal.
      if (isPosternError(error, "invalid-grant") && isPosternError(error.cause)) throw helpful(error);
      if (isPosternError(error, "invalid-grant", "invalid-argument", "too-many-requests", "canceled")) throw error;
      log.error({ code: isPosternError(error) ? error.code : "unknown" }, "registration failed");
      if (isPosternError(error, "unavailable")) {
        throw new PosternError("unavailable", "access grants can not be registered now", { cause: error });
      }
      throw new PosternError("internal", "internal error", { cause: error });
    }
  };

  return bindService(EdgeAuthDefinition, {
    async registerAccess(request, { peerAddress }) {
      const client = hostOf(peerAddress);
      let result = "ok";
      try {
        return await register(request, client);
      } catch (error) {
        result = isPosternError(error) ? error.code : "unknown";
        throw error;
      } finally {
        log.debug({ result, client }, "registration over RPC");
      }
    },
  });
}

/** Of what is no grant: who calls by hand has mostly copied something else, or not all of it. */
function helpful(error: PosternError): PosternError {
  const hint = 'expected is the whole text of an access grant, as "uplink access export" or "uplink share" print it';
  return new PosternError("invalid-grant", `${error.message}; ${hint}`, { cause: error });
}
