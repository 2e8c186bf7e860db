import { createHash } from "node:crypto";
import { type CustomMetadata, isPosternError, type ObjectInfo, type PartInfo } from "../../../core/index.js";
import { type Call, keyOf, keyText, type Operation } from "../call.js";
import { checksumKey, checksumOf, type ObjectChecksum } from "../checksums/object-checksum.js";
import {
  checkExpected,
  combinedChecksum,
  type PartChecksum,
  parsePartNote,
  partChecksumsKey,
  partChecksumsText,
} from "../checksums/part-checksums.js";
import { unquoteEtag } from "../conditions.js";
import { cipherOf } from "../encryption/customer-cipher.js";
import { customerKey } from "../encryption/requested.js";
import { S3Error } from "../errors.js";
import { etagOf } from "../metadata.js";
import { addIfRoom, withChecksum, writtenHeaders } from "../new-object.js";
import { maxParts, uploadIdOf } from "../parameters.js";
import { type ChecksumAlgorithm, checksumAlgorithms, checksumHeader } from "../payload/checksum.js";
import { xmlReply } from "../reply.js";
import { writeGuard } from "../stored-conditions.js";
import { layoutKey, layoutText } from "../uploads/part-layout.js";
import { uploadFacts } from "../uploads/upload-facts.js";
import { children, childText, type XmlNode } from "../xml/read.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** 10 000 parts with their checksums. */
const maxBytes = 4 * 2 ** 20;

interface ListedPart {
  readonly partNumber: number;
  readonly etag: string;
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, string>;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html */
export const completeMultipartUpload: Operation = {
  name: "CompleteMultipartUpload",
  slow: true,
  async run(call) {
    const key = keyOf(call);
    const uploadId = uploadIdOf(call.query);
    const document = await call.xml("CompleteMultipartUpload", maxBytes, { checksumOfObject: true });
    const listed = listedParts(document);
    const etag = multipartEtag(listed);
    let info: ObjectInfo;
    try {
      info = await complete(call, uploadId, listed, etag);
    } catch (error) {
      const missing =
        isPosternError(error, "upload-not-found") || (error instanceof S3Error && error.code === "NoSuchUpload");
      const done = missing ? await completedAs(call, etag) : undefined;
      if (done === undefined) throw error;
      info = done;
    }
    const checksum = checksumOf(info);
    const about = { custom: info.custom, customer: customerKey(call.headers) };
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "CompleteMultipartUploadResult",
          () => {
            xml.text("Location", locationOf(call));
            xml.text("Bucket", call.bucket);
            xml.text("Key", keyText(key));
            xml.text("ETag", `"${etag}"`);
            if (checksum !== undefined) {
              xml.text(`Checksum${checksum.algorithm}`, checksum.value);
              xml.text("ChecksumType", checksum.type);
            }
          },
          s3Namespace,
        ),
      ),
      writtenHeaders(call, about, info),
    );
  },
};

async function complete(
  call: Call,
  uploadId: string,
  listed: readonly ListedPart[],
  etag: string,
): Promise<ObjectInfo> {
  const guard = writeGuard(call);
  const stored = await storedParts(call, uploadId);
  checkParts(call, listed, stored);
  const { custom } = await uploadFacts(call, uploadId);
  cipherOf(custom, customerKey(call.headers));
  const notes = await call.notes.all(uploadId);
  const asked = checksumOf({ custom });
  const parts = listed.map((part, index) => ({
    size: stored[index]!.size,
    checksum: checksumOfPart(part, parsePartNote(notes.get(part.partNumber), stored[index]!.etag), asked),
  }));
  const checksum = asked === undefined ? undefined : await combinedChecksum(asked, parts);
  if (asked !== undefined) checkExpected(call.headers.get(checksumHeader(asked.algorithm)), checksum);
  await guard.check();
  const info = await call.project.commitUpload(call.bucket, keyOf(call), uploadId, {
    custom: addIfRoom(withChecksum(withoutChecksum(custom), checksum), layoutMetadata(stored, parts, checksum)),
    etag: Buffer.from(etag),
    ifNoneMatch: guard.ifNoneMatch,
    signal: call.signal,
  });
  await call.notes.delete(uploadId);
  return info;
}

function withoutChecksum({ [checksumKey]: _, ...rest }: CustomMetadata): CustomMetadata {
  return rest;
}

/** Where the parts are, with their checksums, for GetObject by part and GetObjectAttributes. */
function layoutMetadata(
  stored: readonly PartInfo[],
  parts: readonly { readonly checksum: string | undefined }[],
  checksum: ObjectChecksum | undefined,
): CustomMetadata {
  const layout = layoutText(stored);
  if (layout === undefined) return {};
  const sums = checksum === undefined ? undefined : partChecksumsText(parts.map((part) => part.checksum));
  return { [layoutKey]: layout, ...(sums === undefined ? {} : { [partChecksumsKey]: sums }) };
}

/** What the part was uploaded with, and else what the list says. Fails with InvalidPart when they differ. */
function checksumOfPart(
  part: ListedPart,
  note: PartChecksum | undefined,
  asked: ObjectChecksum | undefined,
): string | undefined {
  if (asked === undefined) return undefined;
  const listed = part.checksums.get(asked.algorithm);
  const known = note?.algorithm === asked.algorithm ? note.value : undefined;
  if (known !== undefined && listed !== undefined && known !== listed) {
    throw new S3Error("InvalidPart", { extra: { PartNumber: part.partNumber, ETag: part.etag } });
  }
  return known ?? listed;
}

/**
 * The object, if it is there as the request wants it: the upload is gone because it was completed before, and the client
 * asks again as it did not get the reply. To Amazon that is a success too.
 */
async function completedAs(call: Call, etag: string): Promise<ObjectInfo | undefined> {
  try {
    const info = await call.project.headObject(call.bucket, keyOf(call), { signal: call.signal });
    return etagOf(info) === etag ? info : undefined;
  } catch (error) {
    if (isPosternError(error, "object-not-found")) return undefined;
    throw error;
  }
}

function listedParts(document: XmlNode | undefined): ListedPart[] {
  const parts = children(document ?? "", "Part").map((node): ListedPart => {
    const number = childText(node, "PartNumber")?.trim() ?? "";
    const etag = childText(node, "ETag");
    if (!/^\d{1,9}$/.test(number) || etag === undefined) throw new S3Error("MalformedXML");
    const checksums = new Map<ChecksumAlgorithm, string>();
    for (const algorithm of checksumAlgorithms) {
      const value = childText(node, `Checksum${algorithm}`);
      if (value !== undefined) checksums.set(algorithm, value);
    }
    return { partNumber: Number(number), etag: unquoteEtag(etag), checksums };
  });
  if (parts.length === 0 || parts.length > maxParts) throw new S3Error("MalformedXML");
  if (parts.some((part, index) => index > 0 && part.partNumber <= parts[index - 1]!.partNumber)) {
    throw new S3Error("InvalidPartOrder");
  }
  return parts;
}

async function storedParts(call: Call, uploadId: string): Promise<PartInfo[]> {
  const stored: PartInfo[] = [];
  for (let more = true; more; ) {
    const page = await call.project.listParts(call.bucket, keyOf(call), uploadId, {
      after: stored.at(-1)?.partNumber,
      limit: 1000,
      signal: call.signal,
    });
    stored.push(...page.parts);
    more = page.more && page.parts.length > 0;
  }
  return stored;
}

/**
 * The list must name every part that was uploaded, and nothing else: unlike Amazon's, the network's commit takes all
 * parts there are (so do Storj's Go gateways, storj/gateway-st miniogw/multipart.go).
 */
function checkParts(call: Call, listed: readonly ListedPart[], stored: readonly PartInfo[]): void {
  const byNumber = new Map(stored.map((part) => [part.partNumber, part]));
  let total = 0;
  for (const [index, { partNumber, etag }] of listed.entries()) {
    const part = byNumber.get(partNumber);
    const extra = { PartNumber: partNumber, ETag: etag };
    if (part === undefined) throw new S3Error("InvalidPart", { extra });
    // A part that was not uploaded through S3 has no ETag to compare with.
    const storedEtag = part.etag === undefined ? "" : Buffer.from(part.etag).toString("latin1");
    if (storedEtag !== "" && storedEtag !== etag) throw new S3Error("InvalidPart", { extra });
    if (index < listed.length - 1 && part.size < call.options.minPartBytes) {
      throw new S3Error("EntityTooSmall", {
        extra: { ...extra, ProposedSize: part.size, MinSizeAllowed: call.options.minPartBytes },
      });
    }
    total += part.size;
  }
  if (listed.length !== stored.length) {
    throw new S3Error("InvalidPart", { message: "The list of parts must name every part that was uploaded." });
  }
  const expected = call.headers.get("x-amz-mp-object-size");
  if (expected !== undefined && expected !== String(total)) {
    throw new S3Error("InvalidRequest", {
      message: "The provided 'x-amz-mp-object-size' header value does not match what was computed.",
    });
  }
}

/** MD5 over the parts' MD5s, and their number. Others' ETags go in as text. */
export function multipartEtag(parts: readonly { readonly etag: string }[]): string {
  const hash = createHash("md5");
  for (const { etag } of parts) {
    if (/^([0-9a-fA-F]{2})+$/.test(etag)) hash.update(etag, "hex");
    else hash.update(etag, "utf8");
  }
  return `${hash.digest("hex")}-${parts.length}`;
}

function locationOf(call: Call): string {
  const scheme = call.options.tls === undefined ? "http" : "https";
  return `${scheme}://${call.headers.get("host") ?? ""}${call.resource}`;
}
