import type { Operation } from "../call.js";
import { changeMetadata } from "../change-metadata.js";
import { tagsKey } from "../metadata.js";
import { versionHeaders } from "../version-id.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html */
export const deleteObjectTagging: Operation = {
  name: "DeleteObjectTagging",
  async run(call) {
    const info = await changeMetadata(call, ({ custom: { [tagsKey]: _, ...rest } }) => rest);
    return { status: 204, headers: versionHeaders(info) };
  },
};
