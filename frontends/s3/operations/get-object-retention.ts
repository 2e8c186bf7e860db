import { keyOf, type Operation } from "../call.js";
import { modeText } from "../object-lock.js";
import { xmlReply } from "../reply.js";
import { requestedVersion } from "../version-id.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectRetention.html */
export const getObjectRetention: Operation = {
  name: "GetObjectRetention",
  async run(call) {
    const key = keyOf(call);
    const version = await requestedVersion(call, key);
    const retention = await call.project.getRetention(call.bucket, key, { version, signal: call.signal });
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "Retention",
          () => {
            xml.text("Mode", modeText(retention.mode));
            xml.text("RetainUntilDate", retention.retainUntil.toISOString());
          },
          s3Namespace,
        ),
      ),
    );
  },
};
