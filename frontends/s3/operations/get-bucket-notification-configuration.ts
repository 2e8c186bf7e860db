import type { Operation } from "../call.js";
import { xmlReply } from "../reply.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketNotificationConfiguration.html */
export const getBucketNotificationConfiguration: Operation = {
  name: "GetBucketNotificationConfiguration",
  async run(call) {
    const kept = await call.project.getBucketNotifications(call.bucket, { signal: call.signal });
    return xmlReply(
      xmlDocument((xml) =>
        xml.group(
          "NotificationConfiguration",
          () => {
            if (kept === undefined) return;
            xml.group("TopicConfiguration", () => {
              xml.text("Id", kept.id);
              xml.text("Topic", kept.topicName);
              for (const event of kept.events) xml.text("Event", event);
              if (!kept.filterPrefix && !kept.filterSuffix) return;
              xml.group("Filter", () =>
                xml.group("S3Key", () => {
                  for (const [name, value] of [
                    ["prefix", kept.filterPrefix],
                    ["suffix", kept.filterSuffix],
                  ] as const) {
                    if (!value) continue;
                    xml.group("FilterRule", () => {
                      xml.text("Name", name);
                      xml.text("Value", value);
                    });
                  }
                }),
              );
            });
          },
          s3Namespace,
        ),
      ),
    );
  },
};
