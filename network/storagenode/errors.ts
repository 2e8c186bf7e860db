import { PosternError } from "../../core/errors.js";
import { RpcStatus, rpcError } from "../../core/rpc/status.js";

const outOfSpace = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);

/** What a failing disk means to the caller. Texts name no paths. */
export function diskError(cause: unknown): PosternError {
  if (cause instanceof PosternError) return cause;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? "";
  if (outOfSpace.has(code)) return rpcError(RpcStatus.Aborted, "not enough available disk space", cause);
  if (code === "ENOENT") return rpcError(RpcStatus.NotFound, "file does not exist", cause);
  return rpcError(RpcStatus.Internal, "disk failure", cause);
}
