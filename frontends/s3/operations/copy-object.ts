import type { CustomMetadata, ObjectInfo } from "../../../core/index.js";
import { aclKey } from "../access/bucket-access.js";
import { aclOfNewObject, shareIfNeeded } from "../access/requested-acl.js";
import { type Call, keyOf, keyText, type Operation } from "../call.js";
import { type CopySource, directive, openCopySource, parseCopySource } from "../copy-source.js";
import { S3Error } from "../errors.js";
import { hashedStream } from "../hashed-stream.js";
import { etagKey, metadataOfRequest, tagsKey } from "../metadata.js";
import { xmlReply } from "../reply.js";
import { writeGuard } from "../stored-conditions.js";
import { expiryOfMetadata } from "../ttl.js";
import { refuseUnsupported } from "../unsupported.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/**
 * Copies by reading and storing again: the core has no copy on the satellite yet.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html
 */
export const copyObject: Operation = {
  name: "CopyObject",
  slow: true,
  async run(call) {
    refuseUnsupported(call.headers);
    const source = parseCopySource(call.headers.get("x-amz-copy-source"));
    const metadata = directive(call, "x-amz-metadata-directive");
    const tagging = directive(call, "x-amz-tagging-directive");
    if (metadata === "COPY" && tagging === "COPY" && isItself(call, source)) {
      throw new S3Error("InvalidRequest", {
        message:
          "This copy request is illegal because it is trying to copy an object to itself without changing the object's " +
          "metadata, storage class, website redirect location or encryption attributes.",
      });
    }
    const guard = writeGuard(call);
    await guard.check();
    const download = await openCopySource(call, source);
    try {
      const custom = { ...copiedMetadata(call, download.info, metadata, tagging), ...aclOfNewObject(call) };
      await shareIfNeeded(call, custom);
      const { body, md5 } = hashedStream(download.body, download.length, call.hashes);
      let etag = "";
      const info = await call.project.putObject(call.bucket, keyOf(call), body, {
        custom,
        expiresAt: metadata === "COPY" ? download.info.expiresAt : expiryOfMetadata(custom, call.now),
        ifNoneMatch: guard.ifNoneMatch,
        etag: async () => {
          await guard.check();
          etag = md5();
          return Buffer.from(etag);
        },
        signal: call.signal,
      });
      return copyReply("CopyObjectResult", etag, info.createdAt);
    } finally {
      download.close();
    }
  },
};

export function copyReply(root: string, etag: string, modifiedAt: Date) {
  return xmlReply(
    xmlDocument((xml) =>
      xml.group(
        root,
        () => {
          xml.text("LastModified", modifiedAt.toISOString());
          xml.text("ETag", `"${etag}"`);
        },
        s3Namespace,
      ),
    ),
  );
}

function isItself(call: Call, source: CopySource): boolean {
  return source.bucket === call.bucket && keyText(source.key) === keyText(keyOf(call));
}

function copiedMetadata(call: Call, source: ObjectInfo, metadata: string, tagging: string): CustomMetadata {
  const fresh = metadataOfRequest(call.headers, call.query);
  const { [tagsKey]: freshTags, ...freshRest } = fresh;
  const { [tagsKey]: oldTags, [etagKey]: _, [aclKey]: __, ...oldRest } = source.custom;
  const tags = tagging === "REPLACE" ? freshTags : oldTags;
  return { ...(metadata === "REPLACE" ? freshRest : oldRest), ...(tags === undefined ? {} : { [tagsKey]: tags }) };
}
