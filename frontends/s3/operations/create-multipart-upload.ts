import { keyOf, keyText, type Operation } from "../call.js";
import { checksumMetadata, requestedChecksum } from "../checksums/object-checksum.js";
import { encryptionHeaders } from "../encryption/requested.js";
import { newObject } from "../new-object.js";
import { xmlReply } from "../reply.js";
import { rememberUpload } from "../uploads/upload-facts.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export const createMultipartUpload: Operation = {
  name: "CreateMultipartUpload",
  async run(call) {
    const key = keyOf(call);
    const checksum = requestedChecksum(call.headers);
    const object = await newObject(call);
    const custom = { ...object.custom, ...checksumMetadata(checksum) };
    const upload = await call.project.beginUpload(call.bucket, key, {
      custom,
      expiresAt: object.expiresAt,
      ...object.lock,
      signal: call.signal,
    });
    rememberUpload(upload.uploadId, custom);
    const headers: Record<string, string> = { ...encryptionHeaders(object.customer) };
    if (checksum !== undefined) {
      headers["x-amz-checksum-algorithm"] = checksum.algorithm;
      headers["x-amz-checksum-type"] = checksum.type;
    }
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "InitiateMultipartUploadResult",
          () => {
            xml.text("Bucket", call.bucket);
            xml.text("Key", keyText(key));
            xml.text("UploadId", upload.uploadId);
          },
          s3Namespace,
        ),
      ),
      headers,
    );
  },
};
