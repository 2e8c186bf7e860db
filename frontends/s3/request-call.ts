import type { Context } from "koa";
import { isPosternError, type ObjectInfo } from "../../core/index.js";
import { clientAddress, gatherBody, readBody, requestSignal } from "../http/index.js";
import { authorize } from "./access/authorize.js";
import { type BucketAccess, type Caller, userOf } from "./access/bucket-access.js";
import { conditionContext, needsExistingTags, tagsOf } from "./access/condition-context.js";
import { operationActions } from "./access/operation-actions.js";
import type { Reach } from "./access/reach.js";
import type { ChunkSigner } from "./auth/signature.js";
import { type Call, keyText, type LoggedStep, type Where } from "./call.js";
import type { S3Deps } from "./deps.js";
import type { S3ErrorCode } from "./error-codes.js";
import { S3Error } from "./errors.js";
import type { RequestHeaders } from "./headers.js";
import type { Jobs } from "./jobs/jobs.js";
import type { CompleteS3Options } from "./options.js";
import type { HashPool } from "./payload/hash-pool.js";
import { openPayload, type Payload } from "./payload/payload.js";
import { type PayloadPlan, planPayload } from "./payload/plan.js";
import type { SettingsCache } from "./settings/settings-cache.js";
import type { Target } from "./target.js";
import { readXml } from "./xml/read.js";

export interface RequestCallInit {
  readonly ctx: Context;
  readonly target: Target;
  readonly headers: RequestHeaders;
  readonly caller: Caller;
  /** Undefined for operations on the service. */
  readonly access: BucketAccess | undefined;
  readonly project: Call["project"];
  readonly reach: Reach;
  /** The body, when it is not the request's own. */
  readonly body?: AsyncIterable<Uint8Array>;
  readonly payloadHash: string;
  readonly chunkSigner: () => ChunkSigner;
  readonly options: CompleteS3Options;
  readonly hashes: HashPool;
  readonly settings: SettingsCache;
  readonly deps: S3Deps;
  readonly jobs: Jobs;
  readonly now: number;
}

/** Read ahead of the consumer for each request. */
const bodyHighWaterMark = 256 * 1024;

/** The body of a request as it comes. */
export function bodyOf(
  { req, res }: Context,
  { idleMs, minBytesPerSecond }: CompleteS3Options,
): AsyncIterable<Uint8Array> {
  return readBody(req, res, { idleMs, minBytesPerSecond, highWaterMark: bodyHighWaterMark });
}

/** The call of a request, and why its body failed, if it did. */
export function createCall(init: RequestCallInit): { call: Call; failure: () => S3Error | undefined } {
  const { ctx, target, headers, caller, access, project, reach, options, hashes, now } = init;
  const { req, res } = ctx;
  const signal = requestSignal(res);
  let taken: Payload | undefined;
  let announced: number | undefined;
  const plan = (ofObject = false) => planPayload(headers, init.payloadHash, ofObject);
  const payload = async (bodyPlan: PayloadPlan, wants: { md5: boolean }): Promise<Payload> => {
    const wire = init.body ?? bodyOf(ctx, options);
    announced = bodyPlan.length;
    taken = await openPayload({ plan: bodyPlan, wire, chunkSigner: init.chunkSigner, md5: wants.md5, hashes });
    return taken;
  };
  const document = async (maxBytes: number, ofObject: boolean, tooLong: S3ErrorCode): Promise<Buffer> => {
    const bodyPlan = plan(ofObject);
    if ((bodyPlan.length ?? 0) > maxBytes) throw new S3Error(tooLong);
    const { body } = await payload(bodyPlan, { md5: false });
    return gatherBody(body, maxBytes).catch((error: unknown) => {
      throw isPosternError(error, "resource-exhausted") ? new S3Error(tooLong, { cause: error }) : error;
    });
  };
  const address = clientAddress(req, options.trustedProxies);
  const secure = options.tls !== undefined;

  const logged: LoggedStep[] = [];
  let byAcl = false;
  const check = async (operation: string, where: Where): Promise<void> => {
    const what = operationActions[operation];
    if (what === undefined) throw new Error(`no action is known of ${operation}`);
    let found: Promise<ObjectInfo> | undefined;
    const object = (): Promise<ObjectInfo> => {
      found ??= where.access.project.headObject(where.access.bucket, where.key ?? "", { signal });
      return found;
    };
    let existingTags: string | undefined;
    if (where.key !== undefined && needsExistingTags(where.access.settings.policy)) {
      existingTags = await object().then(tagsOf, () => undefined);
    }
    const by = await authorize({
      access: where.access,
      caller,
      what,
      key: where.key === undefined ? undefined : keyText(where.key),
      versioned: where.versionId !== undefined,
      context: conditionContext({
        headers,
        query: target.query,
        prefix: where.prefix,
        address,
        secure,
        now,
        signed: userOf(caller) !== undefined,
        requestTags: () => headers.get("x-amz-tagging"),
        existingTags,
      }),
      object,
      async mayList() {
        try {
          await check("ListObjects", { access: where.access, prefix: keyText(where.key ?? "") });
          return true;
        } catch (error) {
          if (error instanceof S3Error && error.code === "AccessDenied") return false;
          throw error;
        }
      },
    });
    byAcl ||= by === "acl";
  };

  const call: Call = {
    method: req.method ?? "",
    headers,
    query: target.query,
    bucket: target.bucket,
    key: target.key,
    resource: (req.url ?? "/").split("?", 1)[0]!,
    project,
    caller,
    get access() {
      if (access === undefined) throw new Error("this operation has no bucket");
      return access;
    },
    address,
    secure,
    open: (bucket) => reach.bucket(bucket),
    authorize: check,
    allowedByAcl: () => byAcl,
    alsoLog(step) {
      if (step.access.settings.section("logging") !== undefined) logged.push(step);
    },
    logged,
    wroteBytes: () => (taken === undefined ? undefined : announced),
    settings: init.settings,
    jobs: init.jobs,
    notes: init.deps.settings.notes,
    signal,
    options,
    hashes,
    now,
    plan: () => plan(),
    payload,
    async xml(root, maxBytes, { checksumOfObject = false } = {}) {
      const bytes = await document(maxBytes, checksumOfObject, "MalformedXML");
      return bytes.length === 0 ? undefined : readXml(bytes, root);
    },
    text: async (maxBytes, tooLong) => (await document(maxBytes, false, tooLong)).toString("utf8"),
  };
  return { call, failure: () => taken?.failure };
}
