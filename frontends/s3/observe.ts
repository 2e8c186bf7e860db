import type { Context } from "koa";
import { isPosternError } from "../../core/index.js";
import type { Logger } from "../frontend.js";
import { clientAddress } from "../http/index.js";
import type { Call } from "./call.js";
import { toS3Error } from "./errors.js";

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
  /** For the bucket's own access logs, once it is known. */
  call?: Call;
}

/** Logs a request when its reply is done: failures of ours as such, everything else for information. */
export function observe(ctx: Context, facts: RequestFacts, log: Logger, trustedProxies: number): void {
  const { started, error, call: _, ...told } = facts;
  const fields = {
    ...told,
    // 499 as nginx has it: the client went away before there was a reply.
    status: ctx.res.headersSent ? ctx.res.statusCode : 499,
    ms: Math.round((performance.now() - started) * 10) / 10,
    client: clientAddress(ctx.req, trustedProxies),
  };
  // Not by the reply's status: an error may come when that is out.
  const failed = error === undefined || isPosternError(error, "canceled") ? 0 : toS3Error(error).status;
  if (failed === 500) log.error({ ...fields, error: describe(error) }, "s3 request failed");
  else if (failed === 503) log.warn({ ...fields, error: describe(error) }, "s3 request failed");
  else log.info(fields, "s3 request");
}

/** Codes and texts of an error and its causes. Texts of errors that are not ours may hold anything: of these, the place. */
function describe(error: unknown): string {
  const texts: string[] = [];
  for (let inner = error; inner instanceof Error && texts.length < 6; inner = inner.cause) {
    if (isPosternError(inner)) texts.push(`${inner.code}: ${inner.message}`);
    else texts.push([inner.name, "code" in inner ? String(inner.code) : "", placeOf(inner)].filter(Boolean).join(" "));
  }
  return texts.join(" < ");
}

function placeOf({ stack = "" }: Error): string {
  return (/^\s+at .+$/m.exec(stack)?.[0] ?? "").trim();
}
