import type { Operation } from "../call.js";
import { changeSection } from "../settings/change.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeletePublicAccessBlock.html */
export const deletePublicAccessBlock: Operation = {
  name: "DeletePublicAccessBlock",
  async run(call) {
    await changeSection(call, "publicAccessBlock", undefined);
    return { status: 204 };
  },
};
