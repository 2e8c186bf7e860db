import { randomUUID } from "node:crypto";
import { S3Error } from "../errors.js";
import { children, childText, type XmlNode } from "../xml/read.js";
import { s3Namespace, type XmlWriter, xmlDocument } from "../xml/write.js";
import { booleanOf, child, oneOf, wholeOf } from "./document.js";
import type { LifecycleFilter, LifecycleRule } from "./sections.js";

const mostRules = 1000;

/**
 * Rules that expire objects, versions and unfinished uploads. Transitions are refused: there is one storage class.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketLifecycleConfiguration.html
 */
export function lifecycleOfDocument(document: XmlNode): LifecycleRule[] {
  const rules = children(document, "Rule").map(ruleOf);
  if (rules.length === 0 || rules.length > mostRules) throw new S3Error("MalformedXML");
  const ids = new Set(rules.map(({ id }) => id));
  if (ids.size !== rules.length) {
    throw new S3Error("InvalidArgument", { message: "Rule ID must be unique. Found same ID for more than one rule" });
  }
  return rules;
}

function ruleOf(node: XmlNode): LifecycleRule {
  const id = childText(node, "ID") || randomUUID();
  if (id.length > 255)
    throw new S3Error("InvalidArgument", { message: "ID length should not exceed allowed limit of 255" });
  const enabled = oneOf(node, "Status", ["Enabled", "Disabled"]) === "Enabled";
  for (const name of ["Transition", "NoncurrentVersionTransition"]) {
    const transitions = children(node, name);
    for (const transition of transitions) dateOf(transition);
    if (transitions.length > 0) throw new S3Error("NotImplemented", { extra: { Header: name } });
  }
  const { form, filter } = filterOf(node);
  const rule: LifecycleRule = {
    id,
    enabled,
    form,
    filter,
    expiration: expirationOf(child(node, "Expiration")),
    noncurrent: noncurrentOf(child(node, "NoncurrentVersionExpiration")),
    abortUploadsAfterDays: abortOf(child(node, "AbortIncompleteMultipartUpload")),
  };
  if (rule.expiration === undefined && rule.noncurrent === undefined && rule.abortUploadsAfterDays === undefined) {
    throw new S3Error("InvalidRequest", { message: "At least one action needs to be specified in a rule" });
  }
  checkReach(rule);
  return rule;
}

/** Uploads have neither tags nor a size yet, delete markers never: such a rule would be about others than it says. */
function checkReach({ filter, expiration, abortUploadsAfterDays }: LifecycleRule): void {
  const narrow =
    filter.tags.length > 0
      ? "Tags"
      : filter.sizeGreaterThan !== undefined || filter.sizeLessThan !== undefined
        ? "Object Size"
        : undefined;
  if (narrow === undefined) return;
  for (const [name, present] of [
    ["AbortIncompleteMultipartUpload", abortUploadsAfterDays !== undefined],
    ["ExpiredObjectDeleteMarker", expiration?.deleteMarkers !== undefined],
  ] as const) {
    if (present) throw new S3Error("InvalidRequest", { message: `${name} cannot be specified with ${narrow}.` });
  }
}

function filterOf(node: XmlNode): Pick<LifecycleRule, "form" | "filter"> {
  const old = childText(node, "Prefix");
  const filter = child(node, "Filter");
  if (old !== undefined && filter !== undefined) throw new S3Error("MalformedXML");
  if (filter === undefined) return { form: "prefix", filter: { prefix: old ?? "", tags: [] } };
  const and = child(filter, "And");
  const fields = and ?? filter;
  const read: LifecycleFilter = {
    prefix: childText(fields, "Prefix"),
    tags: children(fields, "Tag").map((tag) => ({
      key: childText(tag, "Key") ?? "",
      value: childText(tag, "Value") ?? "",
    })),
    sizeGreaterThan: wholeOf(fields, "ObjectSizeGreaterThan"),
    sizeLessThan: wholeOf(fields, "ObjectSizeLessThan"),
  };
  if (read.tags.some(({ key }) => key === "")) throw new S3Error("MalformedXML");
  const { sizeGreaterThan, sizeLessThan } = read;
  if (sizeGreaterThan !== undefined && sizeLessThan !== undefined && sizeGreaterThan >= sizeLessThan) {
    throw new S3Error("InvalidRequest", {
      message: "'ObjectSizeLessThan' must be larger than 'ObjectSizeGreaterThan'.",
    });
  }
  // Several conditions without And mean the same, though Amazon refuses them; And besides others means nothing.
  const besides = ["Prefix", "Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan"];
  if (and !== undefined && besides.some((name) => children(filter, name).length > 0)) throw new S3Error("MalformedXML");
  return { form: and === undefined ? "filter" : "and", filter: read };
}

function expirationOf(node: XmlNode | undefined): LifecycleRule["expiration"] {
  if (node === undefined) return undefined;
  const date = dateOf(node);
  const days = wholeOf(node, "Days", 1);
  const deleteMarkers =
    childText(node, "ExpiredObjectDeleteMarker") === undefined
      ? undefined
      : booleanOf(node, "ExpiredObjectDeleteMarker");
  if ([date, days, deleteMarkers].filter((each) => each !== undefined).length !== 1) throw new S3Error("MalformedXML");
  if (date === undefined) return days === undefined ? { deleteMarkers } : { days };
  return { date };
}

function dateOf(node: XmlNode): string | undefined {
  const date = childText(node, "Date")?.trim();
  if (date === undefined) return undefined;
  const time = /^\d{4}-\d\d-\d\d(T.*)?$/.test(date) ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(time)) throw new S3Error("MalformedXML");
  if (time % 86_400_000 !== 0) throw new S3Error("InvalidArgument", { message: "'Date' must be at midnight GMT" });
  return new Date(time).toISOString();
}

function noncurrentOf(node: XmlNode | undefined): LifecycleRule["noncurrent"] {
  if (node === undefined) return undefined;
  const days = wholeOf(node, "NoncurrentDays", 1);
  if (days === undefined) throw new S3Error("MalformedXML");
  const newer = wholeOf(node, "NewerNoncurrentVersions", 1);
  return newer === undefined ? { days } : { days, newer };
}

function abortOf(node: XmlNode | undefined): number | undefined {
  if (node === undefined) return undefined;
  const days = wholeOf(node, "DaysAfterInitiation", 1);
  if (days === undefined) throw new S3Error("MalformedXML");
  return days;
}

export function lifecycleDocument(rules: readonly LifecycleRule[]): string {
  return xmlDocument((xml) =>
    xml.group(
      "LifecycleConfiguration",
      () => {
        for (const rule of rules) xml.group("Rule", () => writeRule(xml, rule));
      },
      s3Namespace,
    ),
  );
}

function writeRule(xml: XmlWriter, rule: LifecycleRule): void {
  const { expiration, noncurrent, filter } = rule;
  xml.text("ID", rule.id);
  if (rule.form === "prefix") xml.text("Prefix", filter.prefix ?? "");
  else if (rule.form === "and") xml.group("Filter", () => xml.group("And", () => writeFilter(xml, filter)));
  else xml.group("Filter", () => writeFilter(xml, filter));
  xml.text("Status", rule.enabled ? "Enabled" : "Disabled");
  if (expiration !== undefined) {
    xml.group("Expiration", () => {
      xml.text("Days", expiration.days);
      xml.text("Date", expiration.date);
      xml.text("ExpiredObjectDeleteMarker", expiration.deleteMarkers);
    });
  }
  if (noncurrent !== undefined) {
    xml.group("NoncurrentVersionExpiration", () => {
      xml.text("NoncurrentDays", noncurrent.days);
      xml.text("NewerNoncurrentVersions", noncurrent.newer);
    });
  }
  if (rule.abortUploadsAfterDays !== undefined) {
    xml.group("AbortIncompleteMultipartUpload", () => xml.text("DaysAfterInitiation", rule.abortUploadsAfterDays));
  }
}

function writeFilter(xml: XmlWriter, filter: LifecycleFilter): void {
  xml.text("Prefix", filter.prefix);
  for (const tag of filter.tags) {
    xml.group("Tag", () => {
      xml.text("Key", tag.key);
      xml.text("Value", tag.value);
    });
  }
  xml.text("ObjectSizeGreaterThan", filter.sizeGreaterThan);
  xml.text("ObjectSizeLessThan", filter.sizeLessThan);
}
