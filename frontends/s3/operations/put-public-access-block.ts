import type { Operation } from "../call.js";
import { changeSection } from "../settings/change.js";
import { booleanOf, configuration } from "../settings/document.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutPublicAccessBlock.html */
export const putPublicAccessBlock: Operation = {
  name: "PutPublicAccessBlock",
  async run(call) {
    const document = await configuration(call, "PublicAccessBlockConfiguration");
    await changeSection(call, "publicAccessBlock", {
      blockPublicAcls: booleanOf(document, "BlockPublicAcls"),
      ignorePublicAcls: booleanOf(document, "IgnorePublicAcls"),
      blockPublicPolicy: booleanOf(document, "BlockPublicPolicy"),
      restrictPublicBuckets: booleanOf(document, "RestrictPublicBuckets"),
    });
    return { status: 200 };
  },
};
