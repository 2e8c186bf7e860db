import { operationActions } from "./operation-actions.js";
import { matchesPattern } from "./pattern.js";

/** Further actions that requests are checked for, next to the one of their operation. */
const furtherActions = [
  "s3:putobjectacl",
  "s3:putobjecttagging",
  "s3:getobjectversion",
  "s3:bypassgovernanceretention",
];

let known: ReadonlySet<string> | undefined;

/** Whether a pattern in lower case means at least one action that is checked here. */
export function actionsKnown(pattern: string): boolean {
  known ??= new Set([...Object.values(operationActions).map(({ action }) => action.toLowerCase()), ...furtherActions]);
  if (pattern === "*") return true;
  if (!pattern.startsWith("s3:")) return false;
  for (const action of known) if (matchesPattern(pattern, action)) return true;
  return false;
}

const stringOperators = [
  "StringEquals",
  "StringNotEquals",
  "StringEqualsIgnoreCase",
  "StringNotEqualsIgnoreCase",
  "StringLike",
  "StringNotLike",
];
const numericOperators = [
  "NumericEquals",
  "NumericNotEquals",
  "NumericLessThan",
  "NumericLessThanEquals",
  "NumericGreaterThan",
  "NumericGreaterThanEquals",
];
const dateOperators = [
  "DateEquals",
  "DateNotEquals",
  "DateLessThan",
  "DateLessThanEquals",
  "DateGreaterThan",
  "DateGreaterThanEquals",
];
const operators = new Set([
  ...stringOperators,
  ...numericOperators,
  ...dateOperators,
  "ArnEquals",
  "ArnLike",
  "ArnNotEquals",
  "ArnNotLike",
  "Bool",
  "IpAddress",
  "NotIpAddress",
  "Null",
]);

const keys = new Set([
  "aws:referer",
  "aws:useragent",
  "aws:sourceip",
  "aws:securetransport",
  "aws:currenttime",
  "aws:epochtime",
  "aws:principaltype",
  "aws:sourcearn",
  "aws:sourceaccount",
  "s3:prefix",
  "s3:delimiter",
  "s3:max-keys",
  "s3:versionid",
  "s3:x-amz-acl",
  "s3:x-amz-content-sha256",
  "s3:x-amz-copy-source",
  "s3:x-amz-metadata-directive",
  "s3:x-amz-server-side-encryption",
  "s3:x-amz-server-side-encryption-aws-kms-key-id",
  "s3:x-amz-server-side-encryption-customer-algorithm",
  "s3:x-amz-storage-class",
  "s3:x-amz-grant-read",
  "s3:x-amz-grant-write",
  "s3:x-amz-grant-read-acp",
  "s3:x-amz-grant-write-acp",
  "s3:x-amz-grant-full-control",
  "s3:object-lock-mode",
  "s3:object-lock-legal-hold",
  "s3:signatureversion",
  "s3:authtype",
  "s3:requestobjecttagkeys",
]);

/** Whether a condition can be evaluated; `key` in lower case. */
export function conditionKnown(operator: string, key: string): boolean {
  const base = operator.replace(/^For(?:AllValues|AnyValue):/, "").replace(/IfExists$/, "");
  if (!operators.has(base)) return false;
  return keys.has(key) || /^s3:(existing|request)objecttag\/.+$/.test(key);
}
