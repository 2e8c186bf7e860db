import { type Permission, parseGrant, serializeGrant, shareGrant } from "../../../core/index.js";
import { S3Error } from "../errors.js";
import { grantsOthers, parseAclText } from "./acl.js";
import { parsePolicy } from "./policy.js";
import { allowsOthers, allowsWrites } from "./policy-evaluate.js";

/**
 * Others reach a bucket through a grant that its owner leaves with the gateways: limited to the bucket, to what the
 * settings let others do, and to what the owner's own grant allows. It is kept while a setting needs it.
 */
export function neededPermission(
  sections: Readonly<Record<string, string>>,
  bucket: string,
  ownerId: string,
): Permission | undefined {
  let read = sections["sharedObjects"] !== undefined;
  let write = false;
  if (sections["lifecycle"] !== undefined || sections["logTarget"] !== undefined) write = true;
  const acl = sections["acl"] === undefined ? undefined : parseAclText(JSON.parse(sections["acl"]) as string);
  if (acl !== undefined && grantsOthers(acl)) {
    read = true;
    const others = acl.grants.filter(({ to }) => !("id" in to) || to.id !== ownerId);
    write ||= others.some(({ permission }) => permission === "WRITE" || permission === "FULL_CONTROL");
  }
  if (sections["policy"] !== undefined) {
    const policy = parsePolicy(JSON.parse(sections["policy"]) as string, bucket);
    if (allowsOthers(policy, ownerId)) {
      read = true;
      write ||= allowsWrites(policy);
    }
  }
  if (!read && !write) return undefined;
  return {
    allowDownload: true,
    allowList: true,
    allowUpload: write,
    allowDelete: write,
    allowGetObjectRetention: true,
    allowGetObjectLegalHold: true,
    allowGetBucketObjectLockConfiguration: true,
    allowPutObjectRetention: write,
    allowPutObjectLegalHold: write,
  };
}

/** The text of the owner's grant limited to the bucket and the permission. */
export function limitedGrant(accessGrant: string, permission: Permission, bucket: string): string {
  try {
    return serializeGrant(shareGrant(parseGrant(accessGrant), permission, [{ bucket }]));
  } catch (cause) {
    throw new S3Error("AccessDenied", { message: "This access key can not be shared.", cause });
  }
}
