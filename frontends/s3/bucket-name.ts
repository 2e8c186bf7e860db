import { S3Error } from "./errors.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; the satellite has the same rules. */
export function checkBucketName(name: string): string {
  const wellFormed = name.length >= 3 && name.length <= 63 && /^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(name);
  if (!wellFormed || /\.\.|\.-|-\./.test(name) || /^\d+\.\d+\.\d+\.\d+$/.test(name)) {
    throw new S3Error("InvalidBucketName", { extra: { BucketName: name } });
  }
  return name;
}
