import { keyOf, type Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { requireBucket } from "../require-bucket.js";
import { refuseVersionId } from "../unsupported.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export const deleteObject: Operation = {
  name: "DeleteObject",
  async run(call) {
    refuseVersionId(call.query);
    // Deleting on condition: the network cannot, and looking first would not be the same.
    for (const name of ["if-match", "x-amz-if-match-last-modified-time", "x-amz-if-match-size"]) {
      if (call.headers.has(name)) throw new S3Error("NotImplemented", { extra: { Header: name } });
    }
    const { deleted } = await call.project.deleteObject(call.bucket, keyOf(call), { signal: call.signal });
    if (!deleted) await requireBucket(call);
    return { status: 204 };
  },
};
