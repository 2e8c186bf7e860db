import { S3Error } from "./errors.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html; the satellite has the same rules. */
export function isBucketName(name: string): boolean {
  const wellFormed = name.length >= 3 && name.length <= 63 && /^[a-z0-9][a-z0-9.-]*[a-z0-9]$/.test(name);
  return wellFormed && !/\.\.|\.-|-\./.test(name) && !/^\d+\.\d+\.\d+\.\d+$/.test(name);
}

export function checkBucketName(name: string): string {
  if (isBucketName(name)) return name;
  throw new S3Error("InvalidBucketName", { extra: { BucketName: name } });
}
