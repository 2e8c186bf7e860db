import type { Operation } from "../call.js";
import { listingOptions } from "../listing.js";
import { etagOf } from "../metadata.js";
import { writeOwner } from "../owner.js";
import { pageSize } from "../parameters.js";
import { xmlReply } from "../reply.js";
import { keyEncoder } from "../text-encoding.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";
import { writePrefix } from "./list-objects.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectVersions.html */
export const listObjectVersions: Operation = {
  name: "ListObjectVersions",
  async run(call) {
    const { query } = call;
    const encode = keyEncoder(query);
    const limit = pageSize(query, "max-keys");
    const prefix = query.get("prefix") ?? "";
    const delimiter = query.get("delimiter") ?? "";
    const keyMarker = query.get("key-marker") ?? "";
    const options = listingOptions(call, { prefix, delimiter, cursor: keyMarker, limit });
    const page = await call.project.listObjects(call.bucket, options);
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "ListVersionsResult",
          () => {
            xml.text("Name", call.bucket);
            xml.text("Prefix", encode(prefix));
            xml.text("KeyMarker", encode(keyMarker));
            xml.text("VersionIdMarker", query.get("version-id-marker") ?? "");
            xml.text("NextKeyMarker", encode(page.next));
            xml.text("MaxKeys", limit);
            if (delimiter !== "") xml.text("Delimiter", encode(delimiter));
            xml.text("EncodingType", query.get("encoding-type") || undefined);
            xml.text("IsTruncated", page.next !== undefined);
            for (const entry of page.entries) {
              if (entry.kind !== "object") continue;
              const { object } = entry;
              xml.group("Version", () => {
                xml.text("Key", encode(object.keyBytes));
                xml.text("VersionId", "null");
                xml.text("IsLatest", true);
                xml.text("LastModified", object.createdAt.toISOString());
                xml.text("ETag", `"${etagOf(object)}"`);
                xml.text("Size", object.size);
                writeOwner(xml, call.access.ownerId);
                xml.text("StorageClass", "STANDARD");
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
