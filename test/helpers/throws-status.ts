import type { ExecutionContext } from "ava";
import { PosternError } from "../../core/errors.js";

/** Asserts that a call fails with exactly this RPC status and this text. */
export async function throwsStatus(
  t: ExecutionContext,
  promise: Promise<unknown>,
  status: number,
  message: string | RegExp,
  why?: string,
): Promise<void> {
  const error = await t.throwsAsync(promise, { instanceOf: PosternError, message }, why);
  t.is(error?.status, status, why);
}
