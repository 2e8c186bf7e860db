import { type AclPermission, mostGrants } from "../access/acl.js";
import { writeGrant } from "../access/acl-document.js";
import { grantsOfList } from "../access/acl-request.js";
import type { BucketAccess, SettingsView } from "../access/bucket-access.js";
import { loggingService } from "../access/policy.js";
import { evaluatePolicy } from "../access/policy-evaluate.js";
import { S3Error } from "../errors.js";
import { child, oneOf } from "../settings/document.js";
import type { LoggingSettings } from "../settings/sections.js";
import { childText, type XmlNode } from "../xml/read.js";
import { s3Namespace, xmlDocument } from "../xml/write.js";

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_TargetGrant.html */
const grantable: readonly AclPermission[] = ["FULL_CONTROL", "READ", "WRITE"];

/** Reads a BucketLoggingStatus; undefined turns logging off. */
export function loggingOfDocument(document: XmlNode): LoggingSettings | undefined {
  const enabled = child(document, "LoggingEnabled");
  if (enabled === undefined) return undefined;
  const targetBucket = childText(enabled, "TargetBucket");
  const targetPrefix = childText(enabled, "TargetPrefix");
  if (targetBucket === undefined || targetPrefix === undefined) throw new S3Error("MalformedXML");
  const list = child(enabled, "TargetGrants");
  const grants = list === undefined ? [] : grantsOfList(list, "MalformedXML");
  // Nothing can be written into an object that is there.
  if (grants.length > mostGrants || grants.some(({ permission }) => !grantable.includes(permission))) {
    throw new S3Error("MalformedXML");
  }
  const keyFormat = keyFormatOf(child(enabled, "TargetObjectKeyFormat"));
  return { targetBucket, targetPrefix, keyFormat, ...(grants.length === 0 ? {} : { grants }) };
}

function keyFormatOf(node: XmlNode | undefined): LoggingSettings["keyFormat"] {
  if (node === undefined) return "simple";
  const partitioned = child(node, "PartitionedPrefix");
  if ((partitioned === undefined) === (child(node, "SimplePrefix") === undefined)) throw new S3Error("MalformedXML");
  if (partitioned === undefined) return "simple";
  const source = oneOf(partitioned, "PartitionDateSource", ["EventTime", "DeliveryTime"]);
  return source === "EventTime" ? "event-time" : "delivery-time";
}

export function loggingDocument(logging: LoggingSettings | undefined): string {
  return xmlDocument((xml) =>
    xml.group(
      "BucketLoggingStatus",
      () => {
        if (logging === undefined) return;
        xml.group("LoggingEnabled", () => {
          xml.text("TargetBucket", logging.targetBucket);
          const { grants = [] } = logging;
          if (grants.length > 0) {
            xml.group("TargetGrants", () => {
              for (const grant of grants) writeGrant(xml, grant);
            });
          }
          xml.text("TargetPrefix", logging.targetPrefix);
          xml.group("TargetObjectKeyFormat", () => {
            if (logging.keyFormat === "simple" || logging.keyFormat === "none") {
              xml.group("SimplePrefix", () => {});
              return;
            }
            const source = logging.keyFormat === "event-time" ? "EventTime" : "DeliveryTime";
            xml.group("PartitionedPrefix", () => xml.text("PartitionDateSource", source));
          });
        });
      },
      s3Namespace,
    ),
  );
}

/**
 * Whether the target's policy lets logs of a bucket in: it must name the logging service, as on Amazon.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html
 */
export function acceptsLogs(
  target: Pick<BucketAccess, "bucket"> & { readonly settings: SettingsView },
  prefix: string,
  source: { readonly bucket: string; readonly ownerId: string },
): boolean {
  const { policy } = target.settings;
  if (policy === undefined) return false;
  const values: Readonly<Record<string, string>> = {
    "aws:sourcearn": `arn:aws:s3:::${source.bucket}`,
    "aws:sourceaccount": source.ownerId,
  };
  const context = (key: string) => (values[key] === undefined ? undefined : [values[key]]);
  const verdict = evaluatePolicy(
    { statements: policy.statements.filter(({ principals }) => principals.includes(loggingService)) },
    { userId: loggingService, action: "s3:putobject", resource: `${target.bucket}/${prefix}`, context },
  );
  return verdict === "allow";
}
