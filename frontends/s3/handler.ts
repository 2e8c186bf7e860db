import { randomBytes } from "node:crypto";
import type { Context } from "koa";
import { isPosternError } from "../../core/index.js";
import type { FrontendDeps } from "../frontend.js";
import {
  awaitsContinue,
  createGate,
  createKeyedGate,
  gatherBody,
  newRequestId,
  readBody,
  requestSignal,
  settleBody,
} from "../http/index.js";
import type { Access } from "./auth/access-cache.js";
import { type Authenticated, authenticate } from "./auth/authenticate.js";
import { checkBucketName } from "./bucket-name.js";
import type { Call, Operation } from "./call.js";
import { allowOrigin } from "./cors.js";
import { errorDocument, S3Error, toS3Error } from "./errors.js";
import { type RequestHeaders, requestHeaders } from "./headers.js";
import { observe, type RequestFacts } from "./observe.js";
import type { CompleteS3Options } from "./options.js";
import type { HashPool } from "./payload/hash-pool.js";
import { openPayload, type Payload } from "./payload/payload.js";
import { type PayloadPlan, planPayload } from "./payload/plan.js";
import type { ProjectCache } from "./project-cache.js";
import { hasDocument, type Reply } from "./reply.js";
import { requireBucket } from "./require-bucket.js";
import { routeOf } from "./routes.js";
import { sendReply, sendSlowReply } from "./send.js";
import { parseTarget, type Target } from "./target.js";
import { readXml } from "./xml/read.js";

export interface HandlerInit {
  readonly deps: FrontendDeps;
  readonly options: CompleteS3Options;
  readonly lookUp: (accessKeyId: string) => Promise<Access>;
  readonly projects: ProjectCache;
  readonly hashes: HashPool;
  readonly now: () => number;
}

/** For load balancers; no bucket has such a name. The same as of Storj's gateway-mt. */
const healthPath = "/-/health";
/** Read ahead of the consumer for each request. */
const bodyHighWaterMark = 256 * 1024;
/** What a client that was refused may go on sending. */
const unwanted = { maxBytes: 32 * 2 ** 20, maxMs: 15_000 };

/** Handles one request from admission to the last byte of its reply. */
export function createHandler(init: HandlerInit): (ctx: Context) => Promise<void> {
  const { deps, options, hashes } = init;
  const gate = createGate(options.maxRequests);
  const grantGate = createKeyedGate(options.maxRequestsPerGrant);
  /** Amazon names the machine; one process is one here. */
  const hostId = randomBytes(32).toString("base64");

  return async (ctx) => {
    const { req, res } = ctx;
    ctx.respond = false;
    const requestId = newRequestId();
    res.setHeader("x-amz-request-id", requestId);
    res.setHeader("x-amz-id-2", hostId);
    res.setHeader("Server", "Postern");
    const facts: RequestFacts = { requestId, method: req.method ?? "", started: performance.now() };
    const leave = gate.enter();
    try {
      if (leave === undefined) throw new S3Error("SlowDown");
      if (req.url === healthPath) await sendReply(res, { status: 200 }, options);
      else if (allowOrigin(req, res, options.corsOrigins)) await sendReply(res, { status: 204 }, options);
      else await serve(ctx, facts);
    } catch (error) {
      const s3Error = toS3Error(error);
      facts.code = s3Error.code;
      facts.error = error;
      await refuse(ctx, s3Error, requestId);
    } finally {
      leave?.();
      settleBody(req, unwanted);
      observe(ctx, facts, deps.log, options.trustedProxies);
    }
  };

  async function serve(ctx: Context, facts: RequestFacts): Promise<void> {
    const { req, res } = ctx;
    const headers = requestHeaders(req.rawHeaders);
    const target = parseTarget(req.url ?? "/", headers.get("host"), options.baseDomains);
    const signed = { ...target, method: facts.method, headers };
    const authenticated = await authenticate(signed, init.lookUp, init.now());
    if (target.bucket !== "") checkBucketName(target.bucket);
    const operation = routeOf(facts.method, target, headers);
    facts.operation = operation.name;
    facts.bucket = target.bucket;
    const leave = grantGate.enter(authenticated.access.accessGrant);
    if (leave === undefined) throw new S3Error("SlowDown");
    try {
      const lease = await init.projects.acquire(authenticated.access.accessGrant);
      try {
        const { call, failure } = createCall(ctx, target, headers, authenticated, lease.project);
        const pending = run(operation, call, failure);
        if (!operation.slow) return await sendReply(res, await pending, options);
        await sendSlowReply(
          res,
          pending.catch((error: unknown) => {
            if (!res.headersSent) throw error;
            facts.code = toS3Error(error).code;
            facts.error = error;
            return { status: 200, body: documentOf(toS3Error(error), ctx, facts.requestId) };
          }),
          options,
        );
      } finally {
        lease.release();
      }
    } finally {
      leave();
    }
  }

  function createCall(
    ctx: Context,
    target: Target,
    headers: RequestHeaders,
    authenticated: Authenticated,
    project: Call["project"],
  ): { call: Call; failure: () => S3Error | undefined } {
    const { req, res } = ctx;
    let taken: Payload | undefined;
    const plan = (ofObject = false) => planPayload(headers, authenticated.payloadHash, ofObject);
    const payload = async (plan: PayloadPlan, wants: { md5: boolean }): Promise<Payload> => {
      const { idleMs, minBytesPerSecond } = options;
      const wire = readBody(req, res, { idleMs, minBytesPerSecond, highWaterMark: bodyHighWaterMark });
      taken = await openPayload({ plan, wire, chunkSigner: authenticated.chunkSigner, md5: wants.md5, hashes });
      return taken;
    };
    const call: Call = {
      method: req.method ?? "",
      headers,
      query: target.query,
      bucket: target.bucket,
      key: target.key,
      resource: resourceOf(ctx),
      project,
      signal: requestSignal(res),
      options,
      hashes,
      now: init.now(),
      plan: () => plan(),
      payload,
      async xml(root, maxBytes, { checksumOfObject = false } = {}) {
        const bodyPlan = plan(checksumOfObject);
        if ((bodyPlan.length ?? 0) > maxBytes) throw new S3Error("MalformedXML");
        const { body } = await payload(bodyPlan, { md5: false });
        const bytes = await gatherBody(body, maxBytes).catch((error: unknown) => {
          throw isPosternError(error, "resource-exhausted") ? new S3Error("MalformedXML", { cause: error }) : error;
        });
        return bytes.length === 0 ? undefined : readXml(bytes, root);
      },
    };
    return { call, failure: () => taken?.failure };
  }

  async function refuse(ctx: Context, error: S3Error, requestId: string): Promise<void> {
    const { req, res } = ctx;
    if (res.headersSent || res.destroyed) {
      // Cutting the connection is the only way left to tell that the body is not whole.
      res.destroy();
      return;
    }
    // A client that has not sent its body yet may send it or not; only a closed connection is free of doubt.
    if (awaitsContinue(req)) res.setHeader("Connection", "close");
    if (error.code === "SlowDown" || error.code === "ServiceUnavailable") res.setHeader("Retry-After", "1");
    const body = hasDocument(error, req.method ?? "") ? documentOf(error, ctx, requestId) : undefined;
    await sendReply(res, { status: error.status, headers: error.headers, body }, options);
  }

  function documentOf(error: S3Error, ctx: Context, requestId: string): string {
    return errorDocument(error, { resource: resourceOf(ctx), requestId, hostId });
  }
}

async function run(operation: Operation, call: Call, failure: () => S3Error | undefined): Promise<Reply> {
  try {
    return await operation.run(call);
  } catch (error) {
    // Why the body failed says more than what the core makes of it.
    const reason = failure();
    if (reason !== undefined) throw reason;
    if (call.bucket !== "" && isPosternError(error, "object-not-found")) await requireBucket(call);
    throw error;
  }
}

/** The path without its query, which may hold a signature. */
function resourceOf(ctx: Context): string {
  return (ctx.req.url ?? "/").split("?", 1)[0]!;
}
