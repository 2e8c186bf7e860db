import { randomUUID } from "node:crypto";
import type { BucketNotifications } from "../../../core/index.js";
import type { Operation } from "../call.js";
import { S3Error } from "../errors.js";
import { child, texts } from "../settings/document.js";
import { children, childText, type XmlNode } from "../xml/read.js";

/**
 * One configuration, for a topic: what satellites keep and publish.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html
 */
export const putBucketNotificationConfiguration: Operation = {
  name: "PutBucketNotificationConfiguration",
  async run(call) {
    const document = (await call.xml("NotificationConfiguration", 256 * 1024)) ?? "";
    for (const name of ["QueueConfiguration", "CloudFunctionConfiguration", "EventBridgeConfiguration"]) {
      if (children(document, name).length > 0) throw new S3Error("NotImplemented", { extra: { Header: name } });
    }
    const topics = children(document, "TopicConfiguration");
    if (topics.length > 1) throw new S3Error("NotImplemented", { extra: { Header: "TopicConfiguration" } });
    const notifications = topics[0] === undefined ? undefined : notificationsOf(topics[0]);
    await call.project.setBucketNotifications(call.bucket, notifications, { signal: call.signal });
    return { status: 200 };
  },
};

function notificationsOf(node: XmlNode): BucketNotifications {
  const topicName = childText(node, "Topic");
  const events = texts(node, "Event");
  if (topicName === undefined || events.length === 0) throw new S3Error("MalformedXML");
  const filter = child(node, "Filter");
  const key = filter === undefined ? undefined : child(filter, "S3Key");
  const rules = new Map<string, string>();
  for (const rule of key === undefined ? [] : children(key, "FilterRule")) {
    const name = childText(rule, "Name")?.toLowerCase() ?? "";
    if ((name !== "prefix" && name !== "suffix") || rules.has(name)) throw new S3Error("InvalidArgument");
    rules.set(name, childText(rule, "Value") ?? "");
  }
  return {
    id: childText(node, "Id") || randomUUID(),
    topicName,
    events,
    filterPrefix: rules.get("prefix"),
    filterSuffix: rules.get("suffix"),
  };
}
