import type { Key } from "../../../core/index.js";
import type { Operation } from "../call.js";
import { listingOptions, writeEntries } from "../listing.js";
import { decodeToken, encodeToken, pageSize } from "../parameters.js";
import { xmlReply } from "../reply.js";
import { keyEncoder } from "../text-encoding.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";
import { writeObject } from "./list-objects.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html */
export const listObjectsV2: Operation = {
  name: "ListObjectsV2",
  async run(call) {
    const { query } = call;
    const encode = keyEncoder(query);
    const limit = pageSize(query, "max-keys");
    const prefix = query.get("prefix") ?? "";
    const delimiter = query.get("delimiter") ?? "";
    const token = query.get("continuation-token");
    const startAfter = query.get("start-after");
    const cursor: Key | undefined = token ? decodeToken(token) : startAfter;
    const options = listingOptions(call, { prefix, delimiter, cursor, limit });
    // What was written before a listing began is in its pages; what comes meanwhile need not be.
    const page = await call.project.listObjects(call.bucket, { ...options, continues: Boolean(token) });
    const owner = query.get("fetch-owner") === "true" ? call.access.ownerId : undefined;
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "ListBucketResult",
          () => {
            xml.text("Name", call.bucket);
            xml.text("Prefix", encode(prefix));
            if (startAfter !== undefined) xml.text("StartAfter", encode(startAfter));
            xml.text("ContinuationToken", token);
            if (page.next !== undefined) xml.text("NextContinuationToken", encodeToken(page.next));
            xml.text("KeyCount", page.entries.length);
            xml.text("MaxKeys", limit);
            if (delimiter !== "") xml.text("Delimiter", encode(delimiter));
            xml.text("EncodingType", query.get("encoding-type") || undefined);
            xml.text("IsTruncated", page.next !== undefined);
            writeEntries(xml, page.entries, encode, (object) => writeObject(xml, object, encode, owner));
          },
          s3Namespace,
        ),
      ),
    );
  },
};
