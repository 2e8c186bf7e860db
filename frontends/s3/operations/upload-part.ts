import { keyOf, type Operation } from "../call.js";
import { checksumReplyHeaders } from "../checksums/object-checksum.js";
import { partNote } from "../checksums/part-checksums.js";
import { cipherOf } from "../encryption/customer-cipher.js";
import { customerKey, encryptionHeaders } from "../encryption/requested.js";
import { checksumOfPayload } from "../new-object.js";
import { partNumberOf, uploadIdOf } from "../parameters.js";
import { refuseUnsupported } from "../unsupported.js";
import { uploadFacts } from "../uploads/upload-facts.js";
import { boundedPlan, md5Text } from "./put-object.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export const uploadPart: Operation = {
  name: "UploadPart",
  async run(call) {
    refuseUnsupported(call.headers);
    const uploadId = uploadIdOf(call.query);
    const partNumber = partNumberOf(call.query.get("partNumber"));
    const customer = customerKey(call.headers);
    const { custom } = await uploadFacts(call, uploadId);
    const cipher = cipherOf(custom, customer);
    const payload = await call.payload(boundedPlan(call), { md5: true });
    const body = cipher?.encrypt(payload.body, partNumber) ?? payload.body;
    await call.project.uploadPart(call.bucket, keyOf(call), uploadId, partNumber, body, {
      etag: () => Buffer.from(md5Text(payload)),
      signal: call.signal,
    });
    const checksum = checksumOfPayload(payload);
    if (checksum !== undefined) await call.notes.put(uploadId, partNumber, partNote(checksum, md5Text(payload)));
    return {
      status: 200,
      headers: {
        ETag: `"${md5Text(payload)}"`,
        ...checksumReplyHeaders(checksum),
        ...encryptionHeaders(customer),
      },
    };
  },
};
