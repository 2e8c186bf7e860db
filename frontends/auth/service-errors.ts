import { isPosternError } from "../../core/index.js";

/** How an error of the auth service is answered over HTTP. Source: storj/edge pkg/auth/httpauth/resources.go. */
export interface HttpAnswer {
  readonly status: number;
  /** Text for the caller; empty where details stay inside. */
  readonly text: string;
}

export function registerAnswer(error: unknown): HttpAnswer {
  if (isPosternError(error, "invalid-grant", "invalid-argument")) return { status: 400, text: error.message };
  if (isPosternError(error, "too-many-requests")) return { status: 429, text: error.message };
  if (isPosternError(error, "deadline-exceeded")) return { status: 408, text: "the request came too slowly" };
  if (isPosternError(error, "canceled")) return { status: 499, text: "" };
  // Where Storj's service answers 500: clients and proxies know what to make of this.
  if (isPosternError(error, "unavailable")) return { status: 503, text: "access grants can not be registered now" };
  return { status: 500, text: "" };
}

/**
 * Unknown and expired keys answer 401 as the Go service does, never 404. Gateways are told more, as there; strangers can
 * not tell whether a key was ever there.
 */
export function resolveAnswer(error: unknown, stranger: boolean): HttpAnswer {
  if (isPosternError(error, "invalid-argument")) return { status: 400, text: error.message };
  if (isPosternError(error, "not-found", "permission-denied")) {
    return { status: 401, text: stranger ? "unauthorized" : error.message };
  }
  if (isPosternError(error, "canceled")) return { status: 499, text: "" };
  // Also when the store is away: Storj's gateways ask again after a 500, and after no other status.
  return { status: 500, text: "" };
}
