import { type Call, keyOf, type Operation } from "../call.js";
import { checksumReplyHeaders } from "../checksums/object-checksum.js";
import { S3Error } from "../errors.js";
import { checksumOfPayload, newObject, withChecksum, writtenHeaders } from "../new-object.js";
import type { Payload } from "../payload/payload.js";
import type { PayloadPlan } from "../payload/plan.js";
import { writeGuard } from "../stored-conditions.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export const putObject: Operation = {
  name: "PutObject",
  async run(call) {
    const plan = boundedPlan(call);
    const guard = writeGuard(call);
    // Before the body, so that a client need not send it for nothing.
    await guard.check();
    const object = await newObject(call);
    const payload = await call.payload(plan, { md5: true });
    const body = object.cipher?.encrypt(payload.body, 0) ?? payload.body;
    const info = await call.project.putObject(call.bucket, keyOf(call), body, {
      custom: () => withChecksum(object.custom, checksumOfPayload(payload)),
      expiresAt: object.expiresAt,
      ...object.lock,
      ifNoneMatch: guard.ifNoneMatch,
      etag: async () => {
        await guard.check();
        return Buffer.from(md5Text(payload));
      },
      signal: call.signal,
    });
    return {
      status: 200,
      headers: {
        ETag: `"${md5Text(payload)}"`,
        ...checksumReplyHeaders(checksumOfPayload(payload)),
        ...writtenHeaders(call, object, info),
      },
    };
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
