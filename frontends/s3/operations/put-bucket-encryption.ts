import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { changeSection } from "../settings/change.js";
import { booleanOf, child, configuration } from "../settings/document.js";
import { children, childText } from "../xml/read.js";

/**
 * AES256 is what happens to all objects anyway. Keys of a key management service are refused: there is none here.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketEncryption.html
 */
export const putBucketEncryption: Operation = {
  name: "PutBucketEncryption",
  async run(call) {
    const rules = children(await configuration(call, "ServerSideEncryptionConfiguration"), "Rule");
    const byDefault = rules.length === 1 ? child(rules[0]!, "ApplyServerSideEncryptionByDefault") : undefined;
    if (byDefault === undefined) throw new S3Error("MalformedXML");
    const algorithm = childText(byDefault, "SSEAlgorithm")?.trim();
    if (algorithm === "aws:kms" || algorithm === "aws:kms:dsse") throw new S3Error("NotImplemented");
    if (algorithm !== "AES256") throw new S3Error("MalformedXML");
    if (childText(byDefault, "KMSMasterKeyID") !== undefined) {
      throw new S3Error("InvalidArgument", {
        message: "a KMSMasterKeyID is not applicable if the default sse algorithm is not aws:kms",
      });
    }
    await changeSection(call, "encryption", { algorithm, bucketKey: booleanOf(rules[0]!, "BucketKeyEnabled") });
    return { status: 200 };
  },
};
