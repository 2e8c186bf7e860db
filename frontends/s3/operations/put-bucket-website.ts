import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { changeSection } from "../settings/change.js";
import { configuration } from "../settings/document.js";
import { websiteOfDocument } from "../settings/website.js";

/**
 * Refused where no website is served, rather than kept for nothing.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketWebsite.html
 */
export const putBucketWebsite: Operation = {
  name: "PutBucketWebsite",
  async run(call) {
    const { websiteDomains, websiteHosts } = call.options;
    if (websiteDomains.length + websiteHosts.length === 0) throw new S3Error("NotImplemented");
    await changeSection(call, "website", websiteOfDocument(await configuration(call, "WebsiteConfiguration")));
    return { status: 200 };
  },
};
