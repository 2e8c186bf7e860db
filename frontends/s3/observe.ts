import type { Context } from "koa";
import type { Logger } from "../frontend.js";
import { clientAddress } from "../http/index.js";

/** What is told of a request. Neither keys of objects, nor queries, nor access keys: they may be secret. */
export interface RequestFacts {
  readonly requestId: string;
  readonly method: string;
  /** `performance.now()` at its arrival. */
  readonly started: number;
  operation?: string;
  bucket?: string;
  /** S3 error code. */
  code?: string;
  error?: unknown;
}

/** Logs a request when its reply is done: server errors as such, everything else for information. */
export function observe(ctx: Context, facts: RequestFacts, log: Logger, trustedProxies: number): void {
  const { started, error, ...told } = facts;
  const status = ctx.res.statusCode;
  const fields = {
    ...told,
    status,
    ms: Math.round((performance.now() - started) * 10) / 10,
    client: clientAddress(ctx.req, trustedProxies),
  };
  if (status >= 500 && status !== 501 && status !== 503)
    log.error({ ...fields, error: describe(error) }, "s3 request failed");
  else if (status === 503 || (error !== undefined && facts.code === "InternalError")) {
    log.warn({ ...fields, error: describe(error) }, "s3 request failed");
  } else log.info(fields, "s3 request");
}

/** Codes and texts of an error and its causes. */
function describe(error: unknown): string {
  const texts: string[] = [];
  for (let inner = error; inner instanceof Error && texts.length < 6; inner = inner.cause) {
    texts.push("code" in inner ? `${String(inner.code)}: ${inner.message}` : inner.message);
  }
  return texts.join(" < ");
}
