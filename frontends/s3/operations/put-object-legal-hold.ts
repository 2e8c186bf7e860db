import { keyOf, type Operation } from "../call.js";
import { configuration, oneOf } from "../settings/document.js";
import { requestedVersion } from "../version-id.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLegalHold.html */
export const putObjectLegalHold: Operation = {
  name: "PutObjectLegalHold",
  async run(call) {
    const key = keyOf(call);
    const held = oneOf(await configuration(call, "LegalHold"), "Status", ["ON", "OFF"]) === "ON";
    const version = await requestedVersion(call, key);
    await call.project.setLegalHold(call.bucket, key, held, { version, signal: call.signal });
    return { status: 200 };
  },
};
