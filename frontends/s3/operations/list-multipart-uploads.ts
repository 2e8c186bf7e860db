import type { Operation } from "../call.js";
import { listingOptions, writeChecksumKind, writePrefix } from "../listing.js";
import { writeOwner } from "../owner.js";
import { pageSize } from "../parameters.js";
import { xmlReply } from "../reply.js";
import { keyEncoder } from "../text-encoding.js";
import { ownerOfUpload } from "../uploads/upload-owner.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html */
export const listMultipartUploads: Operation = {
  name: "ListMultipartUploads",
  async run(call) {
    const { query } = call;
    const encode = keyEncoder(query);
    const limit = pageSize(query, "max-uploads");
    const prefix = query.get("prefix") ?? "";
    const delimiter = query.get("delimiter") ?? "";
    const keyMarker = query.get("key-marker") ?? "";
    const options = listingOptions(call, { prefix, delimiter, cursor: keyMarker, limit });
    // Pages end between keys, so that a key is all the marker that is needed.
    const page = await call.project.listUploads(call.bucket, options);
    const uploads = page.entries.flatMap((entry) => (entry.kind === "upload" ? [entry.upload] : []));
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "ListMultipartUploadsResult",
          () => {
            xml.text("Bucket", call.bucket);
            xml.text("KeyMarker", encode(keyMarker));
            xml.text("UploadIdMarker", query.get("upload-id-marker") ?? "");
            xml.text("NextKeyMarker", encode(page.next));
            xml.text("NextUploadIdMarker", page.next === undefined ? undefined : (uploads.at(-1)?.uploadId ?? ""));
            xml.text("Prefix", encode(prefix));
            if (delimiter !== "") xml.text("Delimiter", encode(delimiter));
            xml.text("MaxUploads", limit);
            xml.text("EncodingType", query.get("encoding-type") || undefined);
            xml.text("IsTruncated", page.next !== undefined);
            for (const upload of uploads) {
              xml.group("Upload", () => {
                xml.text("Key", encode(upload.keyBytes));
                xml.text("UploadId", upload.uploadId);
                const owner = ownerOfUpload(upload, call.access.ownerId);
                writeOwner(xml, owner, "Initiator");
                writeOwner(xml, owner);
                xml.text("StorageClass", "STANDARD");
                xml.text("Initiated", upload.createdAt.toISOString());
                writeChecksumKind(xml, upload);
              });
            }
            for (const entry of page.entries) {
              if (entry.kind === "prefix") writePrefix(xml, encode(entry.prefixBytes));
            }
          },
          s3Namespace,
        ),
      ),
    );
  },
};
