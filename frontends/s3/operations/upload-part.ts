import { keyOf, type Operation } from "../call.js";
import { partNumberOf, uploadIdOf } from "../parameters.js";
import { refuseUnsupported } from "../unsupported.js";
import { boundedPlan, checksumHeaders, md5Text } from "./put-object.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html */
export const uploadPart: Operation = {
  name: "UploadPart",
  async run(call) {
    refuseUnsupported(call.headers);
    const uploadId = uploadIdOf(call.query);
    const partNumber = partNumberOf(call.query.get("partNumber"));
    const payload = await call.payload(boundedPlan(call), { md5: true });
    await call.project.uploadPart(call.bucket, keyOf(call), uploadId, partNumber, payload.body, {
      etag: () => Buffer.from(md5Text(payload)),
      signal: call.signal,
    });
    return { status: 200, headers: { ETag: `"${md5Text(payload)}"`, ...checksumHeaders(payload) } };
  },
};
