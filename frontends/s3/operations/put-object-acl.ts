import { aclKey, aclOfObject } from "../access/bucket-access.js";
import { aclMetadata, requestedAcl, shareIfNeeded } from "../access/requested-acl.js";
import type { Operation } from "../call.js";
import { changeMetadata } from "../change-metadata.js";

/** ACLs are kept with the object's metadata. https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectAcl.html */
export const putObjectAcl: Operation = {
  name: "PutObjectAcl",
  async run(call) {
    const { ownerId } = call.access;
    await changeMetadata(call, async (info) => {
      const acl = await requestedAcl(call, aclOfObject(info, ownerId).owner);
      const { [aclKey]: _, ...rest } = info.custom;
      const custom = { ...rest, ...aclMetadata(acl, ownerId) };
      await shareIfNeeded(call, custom);
      return custom;
    });
    return { status: 200 };
  },
};
