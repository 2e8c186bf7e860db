import type { CustomMetadata, ObjectInfo } from "../../core/index.js";
import { type Call, keyOf } from "./call.js";
import { S3Error } from "./errors.js";
import { requestedVersion } from "./version-id.js";

/**
 * Changes custom metadata of an object in place. The satellite does so for the newest version only; another that is
 * named is refused, as on Storj's gateways.
 */
export async function changeMetadata(
  call: Call,
  change: (info: ObjectInfo) => CustomMetadata | Promise<CustomMetadata>,
): Promise<ObjectInfo> {
  const { project, bucket, signal } = call;
  const key = keyOf(call);
  const version = await requestedVersion(call, key);
  const info = await project.headObject(bucket, key, { signal });
  if (version !== undefined && !Buffer.from(version).equals(info.version)) throw new S3Error("NotImplemented");
  await project.updateMetadata(bucket, key, { custom: await change(info), signal });
  return info;
}
