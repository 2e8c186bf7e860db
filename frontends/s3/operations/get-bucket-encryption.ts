import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { xmlReply } from "../reply.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketEncryption.html */
export const getBucketEncryption: Operation = {
  name: "GetBucketEncryption",
  ofSettings: true,
  async run(call) {
    const encryption = call.access.settings.section("encryption");
    if (encryption === undefined) throw new S3Error("ServerSideEncryptionConfigurationNotFoundError");
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "ServerSideEncryptionConfiguration",
          () =>
            xml.group("Rule", () => {
              xml.group("ApplyServerSideEncryptionByDefault", () => xml.text("SSEAlgorithm", encryption.algorithm));
              xml.text("BucketKeyEnabled", encryption.bucketKey);
            }),
          s3Namespace,
        ),
      ),
    );
  },
};
