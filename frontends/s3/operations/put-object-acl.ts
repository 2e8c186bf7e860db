import { aclKey, aclOfObject } from "../access/bucket-access.js";
import { aclMetadata, requestedAcl, shareIfNeeded } from "../access/requested-acl.js";
import { keyOf, type Operation } from "../call.js";
import { nextOf } from "../next-project.js";
import { versionOf } from "../version-id.js";

/** ACLs are kept with the object's metadata. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html */
export const putObjectAcl: Operation = {
  name: "PutObjectAcl",
  async run(call) {
    const version = versionOf(call.query);
    const key = keyOf(call);
    const info = await call.project.headObject(call.bucket, key, { signal: call.signal });
    const acl = await requestedAcl(call, aclOfObject(info, call.access.ownerId).owner);
    const { [aclKey]: _, ...rest } = info.custom;
    const custom = { ...rest, ...aclMetadata(acl, call.access.ownerId) };
    await shareIfNeeded(call, custom);
    await nextOf(call.project, "updateMetadata")(call.bucket, key, { custom, version, signal: call.signal });
    return { status: 200 };
  },
};
