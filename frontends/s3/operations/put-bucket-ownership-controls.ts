import { grantsOthers } from "../access/acl.js";
import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { changeSection } from "../settings/change.js";
import { configuration, oneOf } from "../settings/document.js";
import { children } from "../xml/read.js";

export const ownerships = ["BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter"] as const;

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketOwnershipControls.html */
export const putBucketOwnershipControls: Operation = {
  name: "PutBucketOwnershipControls",
  async run(call) {
    const rules = children(await configuration(call, "OwnershipControls"), "Rule");
    if (rules.length !== 1) throw new S3Error("MalformedXML");
    const ownership = oneOf(rules[0]!, "ObjectOwnership", ownerships);
    if (ownership === "BucketOwnerEnforced" && grantsOthers(call.access.settings.acl)) {
      throw new S3Error("InvalidBucketAclWithObjectOwnership");
    }
    await changeSection(call, "ownership", ownership);
    return { status: 200 };
  },
};
