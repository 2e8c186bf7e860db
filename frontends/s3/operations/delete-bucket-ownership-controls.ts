import type { Operation } from "../call.js";
import { changeSection } from "../settings/change.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketOwnershipControls.html */
export const deleteBucketOwnershipControls: Operation = {
  name: "DeleteBucketOwnershipControls",
  async run(call) {
    await changeSection(call, "ownership", undefined);
    return { status: 204 };
  },
};
