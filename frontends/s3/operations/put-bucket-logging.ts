import { isDeepStrictEqual } from "node:util";
import { isPosternError } from "../../../core/index.js";
import { isPublicAcl } from "../access/acl.js";
import type { BucketAccess } from "../access/bucket-access.js";
import type { Call, Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { acceptsLogs, loggingOfDocument } from "../logging/logging-settings.js";
import { changeSection } from "../settings/change.js";
import { configuration } from "../settings/document.js";
import type { LoggingSettings } from "../settings/sections.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLogging.html */
export const putBucketLogging: Operation = {
  name: "PutBucketLogging",
  async run(call) {
    // The logs tell of everybody who comes; that is for the owner alone to decide.
    if (!call.access.isOwner) throw new S3Error("AccessDenied");
    const asked = loggingOfDocument(await configuration(call, "BucketLoggingStatus"));
    await call.project.headBucket(call.bucket, { signal: call.signal });
    let logging: LoggingSettings | undefined;
    if (asked !== undefined) {
      const { satellite, project } = (await checkedTarget(call, asked)).identity;
      logging = { ...asked, target: { satellite, project } };
      logging.changedAt = changedAt(call, logging);
    }
    await changeSection(call, "logging", logging);
    return { status: 200 };
  },
};

/** What is set again as it is has not changed. */
function changedAt(call: Call, logging: LoggingSettings): number {
  const { changedAt: at, ...before } = call.access.settings.section("logging") ?? {};
  return at !== undefined && isDeepStrictEqual(before, logging) ? at : call.now;
}

async function checkedTarget(
  call: Call,
  { targetBucket, targetPrefix, grants }: LoggingSettings,
): Promise<BucketAccess> {
  if (targetBucket === call.bucket) {
    throw new S3Error("InvalidArgument", { message: "A bucket can not be the target of its own logs." });
  }
  const target = await reachTarget(call, targetBucket);
  if (!acceptsLogs(target, targetPrefix, { bucket: call.bucket, ownerId: call.access.ownerId })) {
    throw new S3Error("AccessDenied", { message: "The target bucket's policy does not let the logs in." });
  }
  if (target.settings.section("logging") !== undefined) {
    throw new S3Error("InvalidArgument", { message: "The target bucket is itself logged." });
  }
  if (grants === undefined) return target;
  if (!target.settings.aclsEnabled) throw new S3Error("AccessControlListNotSupported");
  const acl = { owner: target.ownerId, grants };
  if (target.settings.publicAccessBlock?.blockPublicAcls === true && isPublicAcl(acl))
    throw new S3Error("AccessDenied");
  return target;
}

async function reachTarget(call: Call, bucket: string): Promise<BucketAccess> {
  try {
    const target = await call.open(bucket);
    await target.project.headBucket(bucket, { signal: call.signal });
    return target;
  } catch (cause) {
    if (isPosternError(cause, "bucket-not-found")) throw new S3Error("InvalidTargetBucketForLogging", { cause });
    throw cause;
  }
}
