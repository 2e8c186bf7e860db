import { isPosternError } from "../../../core/index.js";
import type { Call, Operation } from "../call.js";
import { S3Error, toS3Error } from "../errors.js";
import { xmlReply } from "../reply.js";
import { requireBucket } from "../require-bucket.js";
import { children, childText } from "../xml/read.js";
import { s3Namespace, type XmlWriter, xmlDocument } from "../xml/write.js";

const mostKeys = 1000;
/** 1 000 keys of 1 024 bytes with room for elements and escapes. */
const maxBytes = 4 * 2 ** 20;
const atOnce = 16;

interface Victim {
  readonly key: string;
  readonly versionId: string | undefined;
  /** Whether it is to be deleted only under conditions. */
  readonly conditional: boolean;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html */
export const deleteObjects: Operation = {
  name: "DeleteObjects",
  authorizesItself: true,
  async run(call) {
    const document = await call.xml("Delete", maxBytes);
    if (document === undefined) throw new S3Error("MalformedXML");
    const victims = children(document, "Object").map((node): Victim => {
      const key = childText(node, "Key");
      if (key === undefined || key === "") throw new S3Error("MalformedXML");
      const conditional = ["ETag", "LastModifiedTime", "Size"].some((name) => childText(node, name) !== undefined);
      return { key, versionId: childText(node, "VersionId"), conditional };
    });
    if (victims.length === 0 || victims.length > mostKeys) throw new S3Error("MalformedXML");
    const quiet = childText(document, "Quiet")?.trim().toLowerCase() === "true";
    const failures = await deleteAll(call, victims);
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "DeleteResult",
          () => {
            for (const [index, victim] of victims.entries()) {
              const failure = failures[index];
              if (failure !== undefined) writeFailure(xml, victim, failure);
              else if (!quiet) xml.group("Deleted", () => xml.text("Key", victim.key));
            }
          },
          s3Namespace,
        ),
      ),
    );
  },
};

/** Deletes a few at a time; errors by index. A missing bucket, or a client that has gone, fails the whole. */
async function deleteAll(call: Call, victims: readonly Victim[]): Promise<(S3Error | undefined)[]> {
  const failures: (S3Error | undefined)[] = new Array(victims.length).fill(undefined);
  let next = 0;
  let missing = false;
  const work = async (): Promise<void> => {
    for (let index = next++; index < victims.length; index = next++) {
      try {
        if (!(await deleteOne(call, victims[index]!))) missing = true;
      } catch (error) {
        if (isPosternError(error, "bucket-not-found", "canceled")) {
          next = victims.length;
          throw error;
        }
        failures[index] = toS3Error(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, victims.length) }, work));
  if (missing) await requireBucket(call);
  return failures;
}

async function deleteOne(call: Call, victim: Victim): Promise<boolean> {
  if (Buffer.byteLength(victim.key) > 1024) throw new S3Error("KeyTooLongError");
  if (victim.conditional || (victim.versionId !== undefined && victim.versionId !== "null"))
    throw new S3Error("NotImplemented");
  await call.authorize("DeleteObjects", { access: call.access, key: victim.key });
  return await call.project.deleteObject(call.bucket, victim.key, { signal: call.signal });
}

function writeFailure(xml: XmlWriter, victim: Victim, failure: S3Error): void {
  xml.group("Error", () => {
    xml.text("Key", victim.key);
    xml.text("VersionId", victim.versionId);
    xml.text("Code", failure.code);
    xml.text("Message", failure.message);
  });
}
