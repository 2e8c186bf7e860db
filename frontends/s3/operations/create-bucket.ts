import { isPosternError } from "../../../core/index.js";
import { aclText, grantsOthers } from "../access/acl.js";
import { aclOfHeaders } from "../access/acl-request.js";
import type { Call, Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { changeSections, settingsIdOf } from "../settings/change.js";
import { withSection } from "../settings/sections.js";
import { refuseUnsupported } from "../unsupported.js";
import { childText } from "../xml/read.js";
import { ownerships } from "./put-bucket-ownership-controls.js";

const maxBytes = 64 * 1024;

/**
 * The location constraint must be well-formed and is otherwise not looked at: where data lies is the satellite's
 * business, and clients put their own region there. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
 */
export const createBucket: Operation = {
  name: "CreateBucket",
  async run(call) {
    refuseUnsupported(call.headers);
    const configuration = await call.xml("CreateBucketConfiguration", maxBytes);
    if (configuration !== undefined) childText(configuration, "LocationConstraint");
    const sections = initialSections(call);
    const objectLock = call.headers.get("x-amz-bucket-object-lock-enabled")?.toLowerCase() === "true";
    const plain = Object.keys(sections).length === 0 && !objectLock;
    try {
      await call.project.createBucket(call.bucket, { objectLock, signal: call.signal });
    } catch (error) {
      // In its first region, Amazon lets owners create what they have, and nothing happens.
      const again = plain && call.options.region === "us-east-1" && call.access.settings.entry === undefined;
      if (!again || !isPosternError(error, "bucket-already-exists")) throw error;
      return { status: 200, headers: { Location: `/${call.bucket}` } };
    }
    // What was kept of a deleted bucket of that name is not this one's.
    if (call.access.settings.entry !== undefined) await call.settings.delete(settingsIdOf(call));
    if (Object.keys(sections).length > 0) await changeSections(call, () => sections);
    return { status: 200, headers: { Location: `/${call.bucket}` } };
  },
};

/** Settings that come with the bucket. */
function initialSections(call: Call): Readonly<Record<string, string>> {
  const { ownerId } = call.access;
  const asked = call.headers.get("x-amz-object-ownership");
  const ownership = ownerships.find((each) => each === asked);
  if (asked !== undefined && ownership === undefined) {
    throw new S3Error("InvalidArgument", { extra: { ArgumentName: "x-amz-object-ownership", ArgumentValue: asked } });
  }
  const acl = aclOfHeaders(call.headers, ownerId, ownerId);
  if (acl !== undefined && grantsOthers(acl) && ownership === "BucketOwnerEnforced") {
    throw new S3Error("InvalidBucketAclWithObjectOwnership");
  }
  const sections = ownership === undefined ? {} : withSection({}, "ownership", ownership);
  return acl === undefined ? sections : withSection(sections, "acl", aclText(acl));
}
