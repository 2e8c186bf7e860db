import { aclOfNewObject, shareIfNeeded } from "../access/requested-acl.js";
import { type Call, keyOf, type Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { metadataOfRequest } from "../metadata.js";
import { checksumHeader } from "../payload/checksum.js";
import type { Payload } from "../payload/payload.js";
import type { PayloadPlan } from "../payload/plan.js";
import { writeGuard } from "../stored-conditions.js";
import { expiryOfMetadata } from "../ttl.js";
import { refuseUnsupported } from "../unsupported.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export const putObject: Operation = {
  name: "PutObject",
  async run(call) {
    refuseUnsupported(call.headers);
    const plan = boundedPlan(call);
    const custom = { ...metadataOfRequest(call.headers, call.query), ...aclOfNewObject(call) };
    const expiresAt = expiryOfMetadata(custom, call.now);
    const guard = writeGuard(call);
    // Before the body, so that a client need not send it for nothing.
    await guard.check();
    await shareIfNeeded(call, custom);
    const payload = await call.payload(plan, { md5: true });
    await call.project.putObject(call.bucket, keyOf(call), payload.body, {
      custom,
      expiresAt,
      ifNoneMatch: guard.ifNoneMatch,
      etag: async () => {
        await guard.check();
        return Buffer.from(md5Text(payload));
      },
      signal: call.signal,
    });
    return { status: 200, headers: { ETag: `"${md5Text(payload)}"`, ...checksumHeaders(payload) } };
  },
};

/** The plan of a body that will be stored: its length must be known and allowed. */
export function boundedPlan(call: Call): PayloadPlan {
  const plan = call.plan();
  if (plan.length === undefined) throw new S3Error("MissingContentLength");
  if (plan.length > call.options.maxPutBytes) {
    throw new S3Error("EntityTooLarge", {
      extra: { ProposedSize: plan.length, MaxSizeAllowed: call.options.maxPutBytes },
    });
  }
  return plan;
}

/** The ETag that Amazon gives to what was stored by one PUT. */
export function md5Text(payload: Payload): string {
  return payload.md5().toString("hex");
}

export function checksumHeaders(payload: Payload): Record<string, string> {
  if (payload.checksum === undefined) return {};
  const { algorithm, value } = payload.checksum;
  return { [checksumHeader(algorithm)]: value.toString("base64"), "x-amz-checksum-type": "FULL_OBJECT" };
}
