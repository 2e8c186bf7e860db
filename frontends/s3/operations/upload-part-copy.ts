import { isPosternError } from "../../../core/index.js";
import { type Call, keyOf, type Operation } from "../call.js";
import { checksumOf } from "../checksums/object-checksum.js";
import { partNote } from "../checksums/part-checksums.js";
import { logSource, openCopySource, parseCopySource, reachCopySource } from "../copy-source.js";
import { cipherOf } from "../encryption/customer-cipher.js";
import { customerKey, encryptionHeaders } from "../encryption/requested.js";
import { S3Error } from "../errors.js";
import { hashedStream } from "../hashed-stream.js";
import { partNumberOf, uploadIdOf } from "../parameters.js";
import { refuseUnsupported } from "../unsupported.js";
import { uploadFacts } from "../uploads/upload-facts.js";
import { copyReply, sourceVersionHeaders } from "./copy-object.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html */
export const uploadPartCopy: Operation = {
  name: "UploadPartCopy",
  slow: true,
  async run(call) {
    refuseUnsupported(call.headers);
    const uploadId = uploadIdOf(call.query);
    const partNumber = partNumberOf(call.query.get("partNumber"));
    const source = parseCopySource(call.headers.get("x-amz-copy-source"));
    const range = copyRange(call.headers.get("x-amz-copy-source-range"));
    const customer = customerKey(call.headers);
    const facts = await uploadFacts(call, uploadId);
    const cipher = cipherOf(facts.custom, customer);
    const reached = await reachCopySource(call, source);
    logSource(call, reached, "REST.COPY.PART_GET");
    const download = await openCopySource(call, reached, range).catch((error: unknown) => {
      throw isPosternError(error, "range-not-satisfiable") ? beyond(call) : error;
    });
    try {
      // Unlike a download's, this range is not cut to the object.
      if (range !== undefined && range.end > download.info.size) throw beyond(call, download.info.size);
      const algorithm = checksumOf(facts)?.algorithm;
      const { body, md5, checksum } = hashedStream(download.body, download.length, call.hashes, algorithm);
      const data = cipher?.encrypt(body, partNumber) ?? body;
      let etag = "";
      const part = await call.project.uploadPart(call.bucket, keyOf(call), uploadId, partNumber, data, {
        etag: async () => {
          etag = md5();
          return Buffer.from(etag);
        },
        signal: call.signal,
      });
      const computed = checksum();
      if (computed !== undefined) await call.notes.put(uploadId, partNumber, partNote(computed, etag));
      return copyReply("CopyPartResult", etag, part.modifiedAt, {
        checksum: computed,
        headers: { ...encryptionHeaders(customer), ...sourceVersionHeaders(reached.info) },
      });
    } finally {
      download.close();
    }
  },
};

function copyRange(text: string | undefined): { start: number; end: number } | undefined {
  if (text === undefined) return undefined;
  const match = /^bytes=(\d{1,15})-(\d{1,15})$/.exec(text);
  const start = Number(match?.[1]);
  const end = Number(match?.[2]) + 1;
  if (match !== null && end > start) return { start, end };
  throw new S3Error("InvalidArgument", {
    message:
      "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based " +
      "offsets of the first and last bytes to copy",
    extra: { ArgumentName: "x-amz-copy-source-range", ArgumentValue: text },
  });
}

function beyond(call: Call, size?: number): S3Error {
  return new S3Error("InvalidRange", {
    extra: {
      RangeRequested: call.headers.get("x-amz-copy-source-range") ?? "",
      ...(size === undefined ? {} : { ActualObjectSize: size }),
    },
  });
}
