import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { xmlReply } from "../reply.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetPublicAccessBlock.html */
export const getPublicAccessBlock: Operation = {
  name: "GetPublicAccessBlock",
  ofSettings: true,
  async run(call) {
    const block = call.access.settings.publicAccessBlock;
    if (block === undefined) throw new S3Error("NoSuchPublicAccessBlockConfiguration");
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "PublicAccessBlockConfiguration",
          () => {
            xml.text("BlockPublicAcls", block.blockPublicAcls);
            xml.text("IgnorePublicAcls", block.ignorePublicAcls);
            xml.text("BlockPublicPolicy", block.blockPublicPolicy);
            xml.text("RestrictPublicBuckets", block.restrictPublicBuckets);
          },
          s3Namespace,
        ),
      ),
    );
  },
};
