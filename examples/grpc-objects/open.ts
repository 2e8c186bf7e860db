import { PosternError, type Project } from "postern";
import type { CallContext, FrontendDeps } from "postern/frontend";

/** Opens the project that a call's metadata has credentials for. */
export type Open = (context: CallContext) => Promise<Project>;

/** Reads "authorization: Basic …" (RFC 7617), which grpcurl sends by -H. */
export function createOpen(deps: Pick<FrontendDeps, "openWithCredentials">): Open {
  return async ({ metadata }) => {
    const [, encoded = ""] = /^Basic +([A-Za-z0-9+/=]+)$/i.exec(metadata["authorization"] ?? "") ?? [];
    const text = Buffer.from(encoded, "base64").toString("utf8");
    const colon = text.indexOf(":");
    if (colon < 1) throw new PosternError("unauthenticated", 'metadata "authorization: Basic ID:SECRET" is needed');
    return await deps.openWithCredentials(text.slice(0, colon), text.slice(colon + 1));
  };
}
