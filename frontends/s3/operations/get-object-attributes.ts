import type { ObjectInfo } from "../../../core/index.js";
import { type Call, keyOf, type Operation } from "../call.js";
import { checksumOf } from "../checksums/object-checksum.js";
import { partChecksumsOf } from "../checksums/part-checksums.js";
import { S3Error } from "../errors.js";
import { etagOf } from "../metadata.js";
import { objectHeaders } from "../object-headers.js";
import { maxParts } from "../parameters.js";
import { checksumSize } from "../payload/checksum.js";
import { xmlReply } from "../reply.js";
import { findLayout } from "../uploads/find-layout.js";
import type { PartLayout } from "../uploads/part-layout.js";
import { missingObject, requestedVersion, versionHeaders } from "../version-id.js";
import { s3Namespace, type XmlWriter, xmlDocument } from "../xml/write.js";

const attributes = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"];

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html */
export const getObjectAttributes: Operation = {
  name: "GetObjectAttributes",
  async run(call) {
    const wanted = wantedAttributes(call.headers.get("x-amz-object-attributes"));
    const key = keyOf(call);
    const version = await requestedVersion(call, key);
    const info = await call.project
      .headObject(call.bucket, key, { version, signal: call.signal })
      .catch((error: unknown) => missingObject(call, key, error));
    // For what it checks: a customer's key must be right here too.
    const about = objectHeaders(call, info);
    const checksum = checksumOf(info);
    const layout = wanted.has("ObjectParts")
      ? await findLayout(call.project, call.bucket, info, call.signal)
      : undefined;
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "GetObjectAttributesResponse",
          () => {
            if (wanted.has("ETag")) xml.text("ETag", etagOf(info));
            if (wanted.has("Checksum") && checksum !== undefined) {
              xml.group("Checksum", () => {
                xml.text(`Checksum${checksum.algorithm}`, checksum.value);
                xml.text("ChecksumType", checksum.type);
              });
            }
            if (layout !== undefined) writeParts(xml, call, info, layout);
            if (wanted.has("StorageClass")) xml.text("StorageClass", "STANDARD");
            if (wanted.has("ObjectSize")) xml.text("ObjectSize", info.size);
          },
          s3Namespace,
        ),
      ),
      { "Last-Modified": about["Last-Modified"]!, ...versionHeaders(info) },
    );
  },
};

function wantedAttributes(header: string | undefined): ReadonlySet<string> {
  const wanted = (header ?? "").split(",").map((name) => name.trim());
  if (wanted.every((name) => attributes.includes(name))) return new Set(wanted);
  throw new S3Error("InvalidArgument", {
    message: "Invalid attribute name specified.",
    extra: { ArgumentName: "x-amz-object-attributes", ArgumentValue: header ?? "" },
  });
}

/** Objects that were stored whole have no parts. Amazon lists parts only where they have checksums; here they all are. */
function writeParts(xml: XmlWriter, call: Call, info: ObjectInfo, layout: PartLayout): void {
  const limit = Math.min(numberHeader(call, "x-amz-max-parts") ?? 1000, 1000);
  const marker = numberHeader(call, "x-amz-part-number-marker") ?? 0;
  const checksum = checksumOf(info);
  const sums = checksum === undefined ? [] : partChecksumsOf(info.custom, checksumSize[checksum.algorithm]);
  const rest = layout.map((part, index) => ({ ...part, index })).filter(({ partNumber }) => partNumber > marker);
  const page = rest.slice(0, limit);
  xml.group("ObjectParts", () => {
    xml.text("PartsCount", layout.length);
    xml.text("PartNumberMarker", marker);
    xml.text("NextPartNumberMarker", page.at(-1)?.partNumber ?? marker);
    xml.text("MaxParts", limit);
    xml.text("IsTruncated", rest.length > page.length);
    for (const { partNumber, size, index } of page) {
      xml.group("Part", () => {
        xml.text("PartNumber", partNumber);
        xml.text("Size", size);
        if (checksum !== undefined) xml.text(`Checksum${checksum.algorithm}`, sums[index]);
      });
    }
  });
}

function numberHeader(call: Call, name: string): number | undefined {
  const text = call.headers.get(name);
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return Math.min(Number(text), maxParts);
  throw new S3Error("InvalidArgument", { extra: { ArgumentName: name, ArgumentValue: text } });
}
