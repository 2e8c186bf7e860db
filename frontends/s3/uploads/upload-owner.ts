import type { UploadInfo } from "../../../core/index.js";
import { parseAclText } from "../access/acl.js";
import { aclKey } from "../access/bucket-access.js";

/** Who began an upload: others than the bucket's owner are named in its metadata. */
export function ownerOfUpload({ custom }: Pick<UploadInfo, "custom">, bucketOwner: string): string {
  return parseAclText(custom[aclKey] ?? "")?.owner ?? bucketOwner;
}
