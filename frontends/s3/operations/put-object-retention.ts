import type { Retention } from "../../../core/index.js";
import { keyOf, type Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { bypassesGovernance, parseMode, parseRetainUntil } from "../object-lock.js";
import { configuration } from "../settings/document.js";
import { requestedVersion } from "../version-id.js";
import { childText, type XmlNode } from "../xml/read.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectRetention.html */
export const putObjectRetention: Operation = {
  name: "PutObjectRetention",
  async run(call) {
    const key = keyOf(call);
    const retention = retentionOf(await configuration(call, "Retention"), call.now);
    const version = await requestedVersion(call, key);
    await call.project.setRetention(call.bucket, key, retention, {
      version,
      bypassGovernance: bypassesGovernance(call),
      signal: call.signal,
    });
    return { status: 200 };
  },
};

/** An empty document removes the retention. */
function retentionOf(document: XmlNode, now: number): Retention | undefined {
  const modeText = childText(document, "Mode")?.trim();
  const until = childText(document, "RetainUntilDate")?.trim();
  if (modeText === undefined && until === undefined) return undefined;
  const mode = parseMode(modeText);
  if (mode === undefined || until === undefined) throw new S3Error("MalformedXML");
  return { mode, retainUntil: parseRetainUntil(until, now) };
}
