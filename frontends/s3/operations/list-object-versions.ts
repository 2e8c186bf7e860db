import type { ObjectInfo } from "../../../core/index.js";
import type { Call, Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { listingOptions, writeEntries } from "../listing.js";
import { etagOf } from "../metadata.js";
import { writeOwner } from "../owner.js";
import { pageSize } from "../parameters.js";
import { xmlReply } from "../reply.js";
import { type KeyEncoder, keyEncoder } from "../text-encoding.js";
import { nullVersionOf, parseVersion, versionText } from "../version-id.js";
import { s3Namespace, type XmlWriter, xmlDocument } from "../xml/write.js";

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
    const versionCursor = await markedVersion(call, keyMarker);
    const page = await call.project.listVersions(call.bucket, { ...options, versionCursor });
    const nextVersion = nextMarker(page.entries.at(-1), page.nextVersion);
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
            xml.text("NextVersionIdMarker", page.next === undefined ? undefined : nextVersion);
            xml.text("MaxKeys", limit);
            if (delimiter !== "") xml.text("Delimiter", encode(delimiter));
            xml.text("EncodingType", query.get("encoding-type") || undefined);
            xml.text("IsTruncated", page.next !== undefined);
            writeEntries(xml, page.entries, encode, (object) => writeVersion(xml, call, object, encode));
          },
          s3Namespace,
        ),
      ),
    );
  },
};

async function markedVersion(call: Call, keyMarker: string): Promise<Uint8Array | undefined> {
  const text = call.query.get("version-id-marker");
  if (text === undefined || text === "") return undefined;
  if (keyMarker === "") {
    throw new S3Error("InvalidArgument", { message: "A version-id marker cannot be specified without a key marker." });
  }
  return parseVersion(text) ?? nullVersionOf(call.access, keyMarker, call.signal);
}

function nextMarker(
  last: { readonly kind: string; readonly object?: ObjectInfo } | undefined,
  version: Uint8Array | undefined,
): string | undefined {
  if (version === undefined) return undefined;
  if (last?.object !== undefined && !last.object.versioned) return versionText(last.object);
  return Buffer.from(version).toString("hex");
}

function writeVersion(xml: XmlWriter, call: Call, object: ObjectInfo, encode: KeyEncoder): void {
  xml.group(object.isDeleteMarker ? "DeleteMarker" : "Version", () => {
    xml.text("Key", encode(object.keyBytes));
    xml.text("VersionId", versionText(object));
    xml.text("IsLatest", object.isLatest === true);
    xml.text("LastModified", object.createdAt.toISOString());
    if (!object.isDeleteMarker) {
      xml.text("ETag", `"${etagOf(object)}"`);
      xml.text("Size", object.size);
      xml.text("StorageClass", "STANDARD");
    }
    writeOwner(xml, call.access.ownerId);
  });
}
