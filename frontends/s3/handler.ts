import { randomBytes } from "node:crypto";
import type { Context } from "koa";
import { isPosternError } from "../../core/index.js";
import type { FrontendDeps } from "../frontend.js";
import {
  awaitsContinue,
  createGate,
  createKeyedGate,
  newRequestId,
  requestSignal,
  settleBody,
} from "../http/index.js";
import type { Caller } from "./access/bucket-access.js";
import { createReach, type Reach } from "./access/reach.js";
import type { Access } from "./auth/access-cache.js";
import { authenticate } from "./auth/authenticate.js";
import { checkBucketName } from "./bucket-name.js";
import type { Call, Operation } from "./call.js";
import { allowOrigin } from "./cors.js";
import { errorDocument, S3Error, toS3Error } from "./errors.js";
import { requestHeaders } from "./headers.js";
import { observe, type RequestFacts } from "./observe.js";
import type { CompleteS3Options } from "./options.js";
import type { HashPool } from "./payload/hash-pool.js";
import { userIdOf } from "./owner.js";
import type { ProjectCache, ProjectLease } from "./project-cache.js";
import { hasDocument, type Reply } from "./reply.js";
import { createCall } from "./request-call.js";
import { requireBucket } from "./require-bucket.js";
import { routeOf } from "./routes.js";
import { sendReply, sendSlowReply } from "./send.js";
import type { SettingsCache } from "./settings/settings-cache.js";
import { parseTarget } from "./target.js";

export interface HandlerInit {
  readonly deps: FrontendDeps;
  readonly options: CompleteS3Options;
  readonly lookUp: (accessKeyId: string) => Promise<Access>;
  readonly projects: ProjectCache;
  readonly settings: SettingsCache;
  readonly hashes: HashPool;
  readonly now: () => number;
}

/** For load balancers; no bucket has such a name. The same as of Storj's gateway-mt. */
const healthPath = "/-/health";
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
    const { req } = ctx;
    const headers = requestHeaders(req.rawHeaders);
    const target = parseTarget(req.url ?? "/", headers.get("host"), options.baseDomains);
    const signed = { ...target, method: facts.method, headers };
    const authenticated = await authenticate(signed, init.lookUp, init.now());
    if (target.bucket !== "") checkBucketName(target.bucket);
    const operation = routeOf(facts.method, target, headers);
    facts.operation = operation.name;
    facts.bucket = target.bucket;
    const grant = authenticated?.access.accessGrant;
    const leave = grantGate.enter(grant ?? `anonymous ${target.bucket}`);
    if (leave === undefined) throw new S3Error("SlowDown");
    let own: ProjectLease | undefined;
    let reach: Reach | undefined;
    try {
      own = grant === undefined ? undefined : await init.projects.acquire(grant);
      const caller = own === undefined ? anonymous : await userOfGrant(grant!, own);
      const signal = requestSignal(ctx.res);
      reach = createReach({ caller, own, projects: init.projects, settings: init.settings, signal });
      const create = operation.name === "CreateBucket";
      const access = target.bucket === "" ? undefined : await reach.bucket(target.bucket, { own: create });
      const project = access?.project ?? own?.project;
      if (project === undefined) throw new S3Error("AccessDenied");
      const { call, failure } = createCall({
        ctx,
        target,
        headers,
        caller,
        access,
        project,
        reach,
        payloadHash: authenticated?.payloadHash ?? headers.get("x-amz-content-sha256") ?? "UNSIGNED-PAYLOAD",
        chunkSigner: authenticated?.chunkSigner ?? unsignedChunks,
        options,
        hashes,
        settings: init.settings,
        deps,
        now: init.now(),
      });
      await reply(ctx, facts, operation, call, failure);
    } finally {
      reach?.release();
      own?.release();
      leave();
    }
  }

  async function reply(
    ctx: Context,
    facts: RequestFacts,
    operation: Operation,
    call: Call,
    failure: () => S3Error | undefined,
  ): Promise<void> {
    const { res } = ctx;
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
    await checkAccess(operation, call);
    return await operation.run(call);
  } catch (error) {
    // Why the body failed says more than what the core makes of it.
    const reason = failure();
    if (reason !== undefined) throw reason;
    if (call.bucket !== "" && isPosternError(error, "object-not-found")) {
      await requireBucket(call);
      // Whether an object is there is only for those to know who may list.
      if (!call.access.isOwner) await call.authorize("ListObjects", { access: call.access });
    }
    throw error;
  }
}

async function checkAccess(operation: Operation, call: Call): Promise<void> {
  if (call.bucket === "" || operation.name === "CreateBucket" || operation.authorizesItself) return;
  await call.authorize(operation.name, {
    access: call.access,
    key: call.key,
    versionId: call.query.get("versionId"),
  });
}

const anonymous: Caller = { kind: "anonymous" };

async function userOfGrant(accessGrant: string, own: ProjectLease): Promise<Caller> {
  const identity = await own.identity();
  return { kind: "user", userId: userIdOf(identity), identity, accessGrant };
}

function unsignedChunks(): never {
  throw new S3Error("InvalidRequest", { message: "Signed chunks need AWS4-HMAC-SHA256." });
}

/** The path without its query, which may hold a signature. */
function resourceOf(ctx: Context): string {
  return (ctx.req.url ?? "/").split("?", 1)[0]!;
}
