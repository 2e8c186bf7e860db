import { isPosternError } from "../../../core/index.js";
import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { modeText } from "../object-lock.js";
import { xmlReply } from "../reply.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectLockConfiguration.html */
export const getObjectLockConfiguration: Operation = {
  name: "GetObjectLockConfiguration",
  async run(call) {
    const { enabled, defaultRetention } = await call.project
      .getObjectLockConfiguration(call.bucket, { signal: call.signal })
      .catch((error: unknown) => {
        throw isPosternError(error, "lock-not-enabled")
          ? new S3Error("ObjectLockConfigurationNotFoundError", { cause: error })
          : error;
      });
    if (!enabled) throw new S3Error("ObjectLockConfigurationNotFoundError");
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "ObjectLockConfiguration",
          () => {
            xml.text("ObjectLockEnabled", "Enabled");
            if (defaultRetention === undefined) return;
            xml.group("Rule", () =>
              xml.group("DefaultRetention", () => {
                xml.text("Mode", modeText(defaultRetention.mode));
                xml.text("Days", defaultRetention.days);
                xml.text("Years", defaultRetention.years);
              }),
            );
          },
          s3Namespace,
        ),
      ),
    );
  },
};
