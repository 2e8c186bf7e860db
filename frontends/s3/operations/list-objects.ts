import type { ObjectInfo } from "../../../core/index.js";
import type { Operation } from "../call.js";
import { listingOptions, writeEntries } from "../listing.js";
import { etagOf } from "../metadata.js";
import { writeOwner } from "../owner.js";
import { pageSize } from "../parameters.js";
import { xmlReply } from "../reply.js";
import { type KeyEncoder, keyEncoder } from "../text-encoding.js";
import { s3Namespace, type XmlWriter, xmlDocument } from "../xml/write.js";

/** The first version of the listing. https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html */
export const listObjects: Operation = {
  name: "ListObjects",
  async run(call) {
    const { query } = call;
    const encode = keyEncoder(query);
    const limit = pageSize(query, "max-keys");
    const prefix = query.get("prefix") ?? "";
    const delimiter = query.get("delimiter") ?? "";
    const marker = query.get("marker") ?? "";
    const options = listingOptions(call, { prefix, delimiter, cursor: marker, limit });
    const page = await call.project.listObjects(call.bucket, options);
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "ListBucketResult",
          () => {
            xml.text("Name", call.bucket);
            xml.text("Prefix", encode(prefix));
            xml.text("Marker", encode(marker));
            // Amazon gives it only with a delimiter; without, it is the last key, and clients may use either.
            xml.text("NextMarker", encode(page.next));
            xml.text("MaxKeys", limit);
            if (delimiter !== "") xml.text("Delimiter", encode(delimiter));
            xml.text("EncodingType", query.get("encoding-type") || undefined);
            xml.text("IsTruncated", page.next !== undefined);
            writeEntries(xml, page.entries, encode, (object) => writeObject(xml, object, encode, call.access.ownerId));
          },
          s3Namespace,
        ),
      ),
    );
  },
};

export function writeObject(xml: XmlWriter, object: ObjectInfo, encode: KeyEncoder, owner: string | undefined): void {
  xml.group("Contents", () => {
    xml.text("Key", encode(object.keyBytes));
    xml.text("LastModified", object.createdAt.toISOString());
    xml.text("ETag", `"${etagOf(object)}"`);
    xml.text("Size", object.size);
    if (owner !== undefined) writeOwner(xml, owner);
    xml.text("StorageClass", "STANDARD");
  });
}
