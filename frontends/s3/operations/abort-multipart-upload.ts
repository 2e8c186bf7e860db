import { keyOf, type Operation } from "../call.js";
import { uploadIdOf } from "../parameters.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html */
export const abortMultipartUpload: Operation = {
  name: "AbortMultipartUpload",
  async run(call) {
    await call.project.abortUpload(call.bucket, keyOf(call), uploadIdOf(call.query), { signal: call.signal });
    return { status: 204 };
  },
};
