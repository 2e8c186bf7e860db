import { aclOfNewObject, shareIfNeeded } from "../access/requested-acl.js";
import { keyOf, keyText, type Operation } from "../call.js";
import { metadataOfRequest } from "../metadata.js";
import { xmlReply } from "../reply.js";
import { expiryOfMetadata } from "../ttl.js";
import { refuseUnsupported } from "../unsupported.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html */
export const createMultipartUpload: Operation = {
  name: "CreateMultipartUpload",
  async run(call) {
    refuseUnsupported(call.headers);
    const key = keyOf(call);
    const custom = { ...metadataOfRequest(call.headers, call.query), ...aclOfNewObject(call) };
    await shareIfNeeded(call, custom);
    const expiresAt = expiryOfMetadata(custom, call.now);
    const upload = await call.project.beginUpload(call.bucket, key, { custom, expiresAt, signal: call.signal });
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
    );
  },
};
