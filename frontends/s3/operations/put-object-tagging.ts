import type { Operation } from "../call.js";
import { changeMetadata } from "../change-metadata.js";
import { tagsKey } from "../metadata.js";
import { configuration } from "../settings/document.js";
import { tagsOfDocument } from "../tagging.js";
import { versionHeaders } from "../version-id.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectTagging.html */
export const putObjectTagging: Operation = {
  name: "PutObjectTagging",
  async run(call) {
    const tags = tagsOfDocument(await configuration(call, "Tagging"));
    const info = await changeMetadata(call, ({ custom }) => {
      const { [tagsKey]: _, ...rest } = custom;
      return tags === "" ? rest : { ...rest, [tagsKey]: tags };
    });
    return { status: 200, headers: versionHeaders(info) };
  },
};
