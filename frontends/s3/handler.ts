import { randomBytes } from "node:crypto";
import type { Context } from "koa";
import { isPosternError, type Key } from "../../core/index.js";
import { awaitsContinue, clientAddress, createGate, newRequestId, requestSignal, settleBody } from "../http/index.js";
import type { BucketAccess, Caller } from "./access/bucket-access.js";
import { createReach, type Reach } from "./access/reach.js";
import type { Access } from "./auth/access-cache.js";
import { authenticate } from "./auth/authenticate.js";
import type { ChunkSigner } from "./auth/signature.js";
import { checkBucketName } from "./bucket-name.js";
import { type Call, keyText, type Operation } from "./call.js";
import { applyCors, bucketCors } from "./cors.js";
import type { S3Deps } from "./deps.js";
import { errorDocument, S3Error, toS3Error } from "./errors.js";
import { headersOfForm, keyOfForm } from "./form/form-headers.js";
import { authenticateForm } from "./form/form-signature.js";
import { boundaryOf, readForm } from "./form/multipart-reader.js";
import { type RequestHeaders, requestHeaders } from "./headers.js";
import { withHoisted } from "./hoisted-headers.js";
import type { Jobs } from "./jobs/jobs.js";
import { createLimits } from "./limits.js";
import type { LogDelivery } from "./logging/log-delivery.js";
import { accessLogRecords } from "./logging/request-record.js";
import { observe, type RequestFacts } from "./observe.js";
import { postObject } from "./operations/post-object.js";
import { serveWebsite } from "./operations/serve-website.js";
import type { CompleteS3Options } from "./options.js";
import { userIdOf } from "./owner.js";
import type { HashPool } from "./payload/hash-pool.js";
import type { ProjectCache, ProjectLease } from "./project-cache.js";
import { hasDocument, type Reply } from "./reply.js";
import { bodyOf, createCall } from "./request-call.js";
import { requireBucket } from "./require-bucket.js";
import { routeOf } from "./routes.js";
import { sendReply, sendSlowReply } from "./send.js";
import type { SettingsCache } from "./settings/settings-cache.js";
import { originForm, parseTarget, type Target } from "./target.js";

export interface HandlerInit {
  readonly deps: S3Deps;
  readonly options: CompleteS3Options;
  readonly lookUp: (accessKeyId: string) => Promise<Access>;
  readonly projects: ProjectCache;
  readonly settings: SettingsCache;
  readonly hashes: HashPool;
  readonly jobs: Jobs;
  readonly logs: LogDelivery;
  readonly now: () => number;
}

/** What a request asks for, wherever it says so. */
interface Incoming {
  readonly operation: Operation;
  /** Of whoever signed; undefined for anonymous requests. */
  readonly access: Access | undefined;
  readonly headers: RequestHeaders;
  readonly key: Key | undefined;
  /** The body, when it is not the request's own. */
  readonly body?: AsyncIterable<Uint8Array>;
  readonly payloadHash: string;
  readonly chunkSigner: () => ChunkSigner;
}

/** For load balancers; no bucket has such a name. The same as of Storj's gateway-mt. */
const healthPath = "/-/health";
/** What a client that was refused may go on sending. */
const unwanted = { maxBytes: 32 * 2 ** 20, maxMs: 15_000 };

/** Handles one request from admission to the last byte of its reply. */
export function createHandler(init: HandlerInit): (ctx: Context) => Promise<void> {
  const { deps, options, hashes } = init;
  const gate = createGate(options.maxRequests);
  const limits = createLimits(options, init.now);
  /** Amazon names the machine; one process is one here. */
  const hostId = randomBytes(32).toString("base64");

  return async (ctx) => {
    const { req, res } = ctx;
    ctx.respond = false;
    // The Host header says the rest: that is what signatures have, also where the URL names another host.
    req.url = originForm(req.url ?? "/");
    const requestId = newRequestId();
    res.setHeader("x-amz-request-id", requestId);
    res.setHeader("x-amz-id-2", hostId);
    res.setHeader("Server", "Postern");
    const facts: RequestFacts = { requestId, method: req.method ?? "", started: performance.now() };
    const leave = gate.enter();
    let leaveClient: (() => void) | undefined;
    try {
      if (leave === undefined) throw new S3Error("SlowDown");
      if (req.url === healthPath) await sendReply(res, { status: 200 }, options);
      else {
        leaveClient = limits.enterClient(clientAddress(req, options.trustedProxies));
        if (!(await answerPreflight(ctx))) await serve(ctx, facts);
      }
    } catch (error) {
      const s3Error = toS3Error(error);
      facts.code = s3Error.code;
      facts.error = error;
      await refuse(ctx, s3Error, requestId);
    } finally {
      leaveClient?.();
      leave?.();
      settleBody(req, unwanted);
      observe(ctx, facts, deps.log, options.trustedProxies);
      for (const { logging, record } of accessLogRecords(ctx, facts, hostId, options)) init.logs.add(logging, record);
    }
  };

  /** Web pages of other origins: what the bucket says of them, or else the gateway. True when all is answered. */
  async function answerPreflight(ctx: Context): Promise<boolean> {
    const { req, res } = ctx;
    const { bucket } = parseTarget(req.url ?? "/", req.headers.host, options);
    const rules = await bucketCors(init.settings, bucket);
    const verdict = applyCors(req, res, rules, options.corsOrigins);
    if (verdict === "go-on") return false;
    if (verdict instanceof S3Error) throw verdict;
    await sendReply(res, { status: 200 }, options);
    return true;
  }

  async function serve(ctx: Context, facts: RequestFacts): Promise<void> {
    const { req } = ctx;
    const headers = requestHeaders(req.rawHeaders);
    const target = parseTarget(req.url ?? "/", headers.get("host"), options);
    const incoming =
      siteOf(target, headers) ??
      (await formOf(ctx, target, headers)) ??
      (await requestOf(facts.method, target, headers));
    const { operation } = incoming;
    const grant = incoming.access?.accessGrant;
    facts.operation = operation.name;
    facts.bucket = target.bucket;
    const leave = limits.enterProject(incoming.access?.project ?? `anonymous ${target.bucket}`);
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
        target: { ...target, key: incoming.key },
        headers: incoming.headers,
        body: incoming.body,
        caller,
        access,
        project,
        reach,
        payloadHash: incoming.payloadHash,
        chunkSigner: incoming.chunkSigner,
        options,
        hashes,
        settings: init.settings,
        deps,
        jobs: init.jobs,
        now: init.now(),
      });
      facts.call = call;
      await reply(ctx, facts, operation, call, failure);
    } finally {
      reach?.release();
      own?.release();
      leave();
    }
  }

  /** A request with its signature, if any, in headers or query. */
  async function requestOf(method: string, target: Target, sent: RequestHeaders): Promise<Incoming> {
    const authenticated = await authenticate({ ...target, method, headers: sent }, init.lookUp, init.now());
    const headers = authenticated === undefined ? sent : withHoisted(sent, target.query);
    if (target.bucket !== "") checkBucketName(target.bucket);
    return {
      operation: routeOf(method, target, headers),
      access: authenticated?.access,
      headers,
      key: target.key,
      payloadHash: authenticated?.payloadHash ?? headers.get("x-amz-content-sha256") ?? "UNSIGNED-PAYLOAD",
      chunkSigner: authenticated?.chunkSigner ?? unsignedChunks,
    };
  }

  /** A browser on a website, which signs nothing. */
  function siteOf(target: Target, headers: RequestHeaders): Incoming | undefined {
    if (!target.site) return undefined;
    checkBucketName(target.bucket);
    return {
      operation: serveWebsite,
      access: undefined,
      headers,
      key: target.key,
      payloadHash: "UNSIGNED-PAYLOAD",
      chunkSigner: unsignedChunks,
    };
  }

  /** A browser's form, whose fields are the headers, the key and the signature. */
  async function formOf(ctx: Context, target: Target, headers: RequestHeaders): Promise<Incoming | undefined> {
    const boundary = boundaryOf(headers.get("content-type"));
    const posts = ctx.req.method === "POST" && target.bucket !== "" && target.key === undefined;
    if (boundary === undefined || !posts || target.query.has("delete")) return undefined;
    checkBucketName(target.bucket);
    const form = await readForm(bodyOf(ctx, options), boundary);
    const { access, policy } = await authenticateForm(form.fields, target.bucket, init.lookUp, init.now());
    return {
      operation: postObject({
        policy,
        successStatus: form.fields.get("success_action_status"),
        successRedirect: form.fields.get("success_action_redirect") ?? form.fields.get("redirect"),
      }),
      access,
      headers: headersOfForm(form, headers),
      key: keyOfForm(form),
      body: form.file,
      payloadHash: "UNSIGNED-PAYLOAD",
      chunkSigner: unsignedChunks,
    };
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
    // Errors that know better say so in headers of their own.
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
    if (operation.ofSettings) await call.project.headBucket(call.bucket, { signal: call.signal });
    return await operation.run(call);
  } catch (error) {
    // Why the body failed says more than what the core makes of it.
    const reason = failure();
    if (reason !== undefined) throw reason;
    if (call.bucket !== "" && isPosternError(error, "object-not-found")) {
      await requireBucket(call);
      // Whether an object is there is only for those to know who may list.
      if (!call.access.isOwner)
        await call.authorize("ListObjects", { access: call.access, prefix: keyText(call.key ?? "") });
    }
    throw error;
  }
}

async function checkAccess(operation: Operation, call: Call): Promise<void> {
  if (call.bucket !== "") checkExpectedOwner(call.headers.get("x-amz-expected-bucket-owner"), call.access);
  if (call.bucket === "" || operation.name === "CreateBucket" || operation.authorizesItself) return;
  await call.authorize(operation.name, {
    access: call.access,
    key: call.key,
    versionId: call.query.get("versionId"),
  });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-owner-condition.html */
function checkExpectedOwner(expected: string | undefined, { ownerId }: BucketAccess): void {
  if (expected !== undefined && expected !== ownerId) throw new S3Error("AccessDenied");
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
