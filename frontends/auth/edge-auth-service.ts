import { isPosternError, PosternError } from "../../core/index.js";
import { type BoundService, bindService } from "../../core/rpc/index.js";
import { EdgeAuthDefinition } from "../../proto/gen/edgeauth.js";
import type { AccessKeys, Logger } from "../frontend.js";

/** EdgeAuth over any RPC transport; the service that `uplink access register` calls. */
export function edgeAuthService(access: AccessKeys, log: Logger): BoundService {
  return bindService(EdgeAuthDefinition, {
    async registerAccess(request) {
      try {
        const issued = await access.register({ accessGrant: request.accessGrant, public: request.public });
        return { ...issued, freeTierRestrictedExpiration: undefined };
      } catch (error) {
        // Callers read why their grant was refused; the Go service hides it behind an empty Internal.
        if (isPosternError(error, "invalid-grant", "invalid-argument", "canceled")) throw error;
        log.error({ code: isPosternError(error) ? error.code : "unknown" }, "registration failed");
        throw new PosternError("internal", "internal error", { cause: error });
      }
    },
  });
}
