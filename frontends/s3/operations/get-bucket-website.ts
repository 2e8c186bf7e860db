import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { xmlReply } from "../reply.js";
import { websiteDocument } from "../settings/website.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketWebsite.html */
export const getBucketWebsite: Operation = {
  name: "GetBucketWebsite",
  ofSettings: true,
  async run(call) {
    const website = call.access.settings.section("website");
    if (website === undefined) throw new S3Error("NoSuchWebsiteConfiguration");
    return xmlReply(websiteDocument(website));
  },
};
