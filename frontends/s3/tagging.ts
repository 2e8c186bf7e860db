import { S3Error } from "./errors.js";
import { child } from "./settings/document.js";
import { children, childText, type XmlNode } from "./xml/read.js";
import { s3Namespace, xmlDocument } from "./xml/write.js";

export interface Tag {
  readonly key: string;
  readonly value: string;
}

const mostTags = { object: 10, bucket: 50 };

/**
 * Checks tags in the form of a query string, as x-amz-tagging and `s3:tags` hold them, and returns them unchanged.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
 */
export function checkTagging(text: string): string {
  checkTags(tagsOfText(text), "object");
  return text;
}

/** In the order of the keys, however they were written. */
export function tagsOfText(text: string): Tag[] {
  return sortedTags([...new URLSearchParams(text)].map(([key, value]) => ({ key, value })));
}

function sortedTags(tags: readonly Tag[]): Tag[] {
  return [...tags].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** Sorted keys in form encoding, as Storj's Go gateways write what came as a document. */
export function textOfTags(tags: readonly Tag[]): string {
  return new URLSearchParams(sortedTags(tags).map(({ key, value }): [string, string] => [key, value])).toString();
}

/** Tags of a document, of an object and so in the form of a query string. */
export function tagsOfDocument(document: XmlNode): string {
  return textOfTags(readTags(document, "object"));
}

export function readTags(document: XmlNode, of: "object" | "bucket"): Tag[] {
  const set = child(document, "TagSet");
  if (set === undefined) throw new S3Error("MalformedXML");
  const tags = children(set, "Tag").map((node): Tag => {
    const key = childText(node, "Key");
    const value = childText(node, "Value");
    if (key === undefined || value === undefined) throw new S3Error("MalformedXML");
    return { key, value };
  });
  checkTags(tags, of);
  return tags;
}

function checkTags(tags: readonly Tag[], of: "object" | "bucket"): void {
  if (tags.length > mostTags[of]) {
    if (of === "bucket") throw new S3Error("BadRequest", { message: "Bucket tag count cannot be greater than 50" });
    throw new S3Error("InvalidTag", { message: "Object tags cannot be greater than 10" });
  }
  const seen = new Set<string>();
  for (const { key, value } of tags) {
    if (key === "" || key.length > 128) {
      throw new S3Error("InvalidTag", { message: "The TagKey you have provided is invalid" });
    }
    if (/^aws:/i.test(key)) {
      throw new S3Error("InvalidTag", { message: "System tags cannot be added/updated by requester" });
    }
    if (value.length > 256) throw new S3Error("InvalidTag", { message: "The TagValue you have provided is invalid" });
    if (seen.has(key)) throw new S3Error("InvalidTag", { message: "Cannot provide multiple Tags with the same key" });
    seen.add(key);
  }
}

export function tagCount(text: string): number {
  return text === "" ? 0 : new URLSearchParams(text).size;
}

export function taggingDocument(tags: readonly Tag[]): string {
  return xmlDocument((xml) =>
    xml.group(
      "Tagging",
      () =>
        xml.group("TagSet", () => {
          for (const { key, value } of tags) {
            xml.group("Tag", () => {
              xml.text("Key", key);
              xml.text("Value", value);
            });
          }
        }),
      s3Namespace,
    ),
  );
}
