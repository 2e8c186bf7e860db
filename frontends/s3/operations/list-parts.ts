import { keyOf, type Operation } from "../call.js";
import { parsePartNote } from "../checksums/part-checksums.js";
import { S3Error } from "../errors.js";
import { writeChecksumKind } from "../listing.js";
import { writeOwner } from "../owner.js";
import { maxParts, pageSize, uploadIdOf } from "../parameters.js";
import { xmlReply } from "../reply.js";
import { keyEncoder } from "../text-encoding.js";
import { uploadFacts } from "../uploads/upload-facts.js";
import { ownerOfUpload } from "../uploads/upload-owner.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListParts.html */
export const listParts: Operation = {
  name: "ListParts",
  async run(call) {
    const key = keyOf(call);
    const uploadId = uploadIdOf(call.query);
    const limit = pageSize(call.query, "max-parts");
    const after = markerOf(call.query.get("part-number-marker"));
    const encode = keyEncoder(call.query);
    const page = await call.project.listParts(call.bucket, key, uploadId, {
      after,
      limit: Math.max(limit, 1),
      signal: call.signal,
    });
    const notes = await call.notes.all(uploadId);
    const facts = await uploadFacts(call, uploadId);
    const owner = ownerOfUpload(facts, call.access.ownerId);
    const parts = page.parts.slice(0, limit);
    const more = limit > 0 && page.more;
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "ListPartsResult",
          () => {
            xml.text("Bucket", call.bucket);
            xml.text("Key", encode(key));
            xml.text("UploadId", uploadId);
            writeOwner(xml, owner, "Initiator");
            writeOwner(xml, owner);
            xml.text("StorageClass", "STANDARD");
            xml.text("PartNumberMarker", after ?? 0);
            xml.text("NextPartNumberMarker", more ? (parts.at(-1)?.partNumber ?? after ?? 0) : undefined);
            xml.text("MaxParts", limit);
            xml.text("EncodingType", call.query.get("encoding-type") || undefined);
            xml.text("IsTruncated", more);
            writeChecksumKind(xml, facts);
            for (const part of parts) {
              xml.group("Part", () => {
                xml.text("PartNumber", part.partNumber);
                xml.text("LastModified", part.modifiedAt.toISOString());
                if (part.etag?.length) xml.text("ETag", `"${Buffer.from(part.etag).toString("latin1")}"`);
                xml.text("Size", part.size);
                const checksum = parsePartNote(notes.get(part.partNumber), part.etag);
                if (checksum !== undefined) xml.text(`Checksum${checksum.algorithm}`, checksum.value);
              });
            }
          },
          s3Namespace,
        ),
      ),
    );
  },
};

function markerOf(text: string | undefined): number | undefined {
  if (text === undefined || text === "") return undefined;
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text), maxParts) || undefined;
  throw new S3Error("InvalidArgument", { extra: { ArgumentName: "part-number-marker", ArgumentValue: text } });
}
