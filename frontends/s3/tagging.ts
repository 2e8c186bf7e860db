import { S3Error } from "./errors.js";

/**
 * Checks tags in the form of a query string, as x-amz-tagging and `s3:tags` hold them, and returns them unchanged.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
 */
export function checkTagging(text: string): string {
  const tags = [...new URLSearchParams(text)];
  if (tags.length > 10) throw new S3Error("InvalidTag", { message: "Object tags cannot be greater than 10" });
  const seen = new Set<string>();
  for (const [key, value] of tags) {
    if (key === "" || key.length > 128)
      throw new S3Error("InvalidTag", { message: "The TagKey you have provided is invalid" });
    if (value.length > 256) throw new S3Error("InvalidTag", { message: "The TagValue you have provided is invalid" });
    if (seen.has(key)) {
      throw new S3Error("InvalidTag", { message: "Cannot provide multiple Tags with the same key" });
    }
    seen.add(key);
  }
  return text;
}

export function tagCount(text: string): number {
  return text === "" ? 0 : new URLSearchParams(text).size;
}
