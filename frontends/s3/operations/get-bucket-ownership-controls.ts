import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { xmlReply } from "../reply.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketOwnershipControls.html */
export const getBucketOwnershipControls: Operation = {
  name: "GetBucketOwnershipControls",
  ofSettings: true,
  async run(call) {
    const ownership = call.access.settings.section("ownership");
    if (ownership === undefined) throw new S3Error("OwnershipControlsNotFoundError");
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "OwnershipControls",
          () => xml.group("Rule", () => xml.text("ObjectOwnership", ownership)),
          s3Namespace,
        ),
      ),
    );
  },
};
