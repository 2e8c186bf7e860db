import { keyOf, type Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { refuseVersionId } from "../unsupported.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html */
export const deleteObject: Operation = {
  name: "DeleteObject",
  async run(call) {
    refuseVersionId(call.query);
    if (call.headers.has("if-match")) throw new S3Error("NotImplemented", { extra: { Header: "If-Match" } });
    await call.project.deleteObject(call.bucket, keyOf(call), { signal: call.signal });
    return { status: 204 };
  },
};
