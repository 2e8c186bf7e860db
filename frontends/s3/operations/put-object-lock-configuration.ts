import { type DefaultRetention, isPosternError } from "../../../core/index.js";
import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { parseMode } from "../object-lock.js";
import { child, configuration, oneOf, wholeOf } from "../settings/document.js";
import { childText, type XmlNode } from "../xml/read.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html */
export const putObjectLockConfiguration: Operation = {
  name: "PutObjectLockConfiguration",
  async run(call) {
    const document = await configuration(call, "ObjectLockConfiguration");
    oneOf(document, "ObjectLockEnabled", ["Enabled"]);
    const rule = child(document, "Rule");
    const defaultRetention = rule === undefined ? undefined : retentionOf(child(rule, "DefaultRetention"));
    await call.project
      .setObjectLockConfiguration(call.bucket, { enabled: true, defaultRetention }, { signal: call.signal })
      .catch((error: unknown) => {
        throw isPosternError(error, "lock-not-enabled", "lock-state-invalid")
          ? new S3Error("InvalidBucketState", { cause: error })
          : error;
      });
    return { status: 200 };
  },
};

const maxDays = 36_500;
const maxYears = 100;

function retentionOf(node: XmlNode | undefined): DefaultRetention {
  if (node === undefined) throw new S3Error("MalformedXML");
  const mode = parseMode(childText(node, "Mode")?.trim());
  if (mode === undefined) throw new S3Error("MalformedXML");
  const days = wholeOf(node, "Days", -maxDays);
  const years = wholeOf(node, "Years", -maxDays);
  if ((days === undefined) === (years === undefined)) throw new S3Error("MalformedXML");
  if ((days ?? years ?? 0) <= 0 || (days ?? 0) > maxDays || (years ?? 0) > maxYears) {
    throw new S3Error("InvalidRetentionPeriod");
  }
  return days === undefined ? { mode, years } : { mode, days };
}
