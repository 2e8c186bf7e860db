import test from "ava";
import { isPosternError } from "../../../core/errors.js";
import { createGrpcTransport, createPlainDrpcTransport, type Transport } from "../../../core/rpc/index.js";
import { EdgeAuthDefinition } from "../../../proto/gen/edgeauth.js";
import { type AuthClient, authFrontendSuite } from "../../suites/auth-frontend-suite.js";

authFrontendSuite(test, "http", async (url) => ({
  async register(accessGrant, isPublic) {
    const body = JSON.stringify({ access_grant: accessGrant, public: isPublic });
    const reply = await fetch(`${url}/v1/access`, { method: "POST", body });
    const text = await reply.text();
    if (reply.status === 200) {
      const { access_key_id: accessKeyId, secret_key: secretKey, endpoint } = JSON.parse(text);
      return { kind: "ok", accessKeyId, secretKey, endpoint };
    }
    if (reply.status === 503) return { kind: "unavailable", text };
    const kinds: Record<number, "refused" | "limited"> = { 400: "refused", 413: "refused", 429: "limited" };
    return { kind: kinds[reply.status] ?? "internal", text };
  },
  close() {},
}));

authFrontendSuite(test, "grpc", overRpc(createGrpcTransport()));
authFrontendSuite(test, "drpc", overRpc(createPlainDrpcTransport()));

function overRpc(transport: Transport): (address: string) => Promise<AuthClient> {
  return async (address) => {
    const connection = await transport.dial({ address });
    return {
      async register(accessGrant, isPublic) {
        const request = { accessGrant, public: isPublic };
        try {
          const method = EdgeAuthDefinition.methods.registerAccess;
          return { kind: "ok", ...(await connection.unary(EdgeAuthDefinition, method, request)) };
        } catch (error) {
          if (!isPosternError(error)) throw error;
          const { code, message: text } = error;
          if (code === "invalid-argument") return { kind: "refused", text };
          if (code === "unavailable") return { kind: "unavailable", text };
          return { kind: code === "resource-exhausted" ? "limited" : "internal", text };
        }
      },
      close: () => connection.close(),
    };
  };
}
