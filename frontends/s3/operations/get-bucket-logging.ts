import type { Operation } from "../call.js";
import { loggingDocument } from "../logging/logging-settings.js";
import { xmlReply } from "../reply.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLogging.html */
export const getBucketLogging: Operation = {
  name: "GetBucketLogging",
  ofSettings: true,
  run: async (call) => xmlReply(loggingDocument(call.access.settings.section("logging"))),
};
