import type { Operation } from "../call.js";
import { refuseUnsupported } from "../unsupported.js";
import { childText } from "../xml/read.js";

const maxBytes = 64 * 1024;

/**
 * The location constraint must be well-formed and is otherwise not looked at: where data lies is the satellite's
 * business, and clients put their own region there. https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
 */
export const createBucket: Operation = {
  name: "CreateBucket",
  async run(call) {
    refuseUnsupported(call.headers);
    const configuration = await call.xml("CreateBucketConfiguration", maxBytes);
    if (configuration !== undefined) childText(configuration, "LocationConstraint");
    await call.project.createBucket(call.bucket, { signal: call.signal });
    return { status: 200, headers: { Location: `/${call.bucket}` } };
  },
};
