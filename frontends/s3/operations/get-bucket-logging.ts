import type { Operation } from "../call.js";
import { loggingDocument } from "../logging/logging-settings.js";
import { xmlReply } from "../reply.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLogging.html */
export const getBucketLogging: Operation = {
  name: "GetBucketLogging",
  ofSettings: true,
  async run(call) {
    const logging = call.access.settings.section("logging");
    const { changedAt } = logging ?? {};
    const headers: Record<string, string> =
      changedAt === undefined ? {} : { "Last-Modified": new Date(changedAt).toUTCString() };
    return xmlReply(loggingDocument(logging), headers);
  },
};
