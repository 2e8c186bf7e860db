import { z } from "zod";
import { S3Error } from "../errors.js";

/**
 * The policy of a form: what its signer lets others upload.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
const text = z.union([z.string(), z.number()]).transform(String);
const operator = z
  .string()
  .transform((name) => name.toLowerCase())
  .pipe(z.enum(["eq", "starts-with", "content-length-range"]));
const condition = z.union([
  z.tuple([operator, text, text]),
  z.record(z.string(), text).refine((each) => Object.keys(each).length > 0),
]);
const shape = z.object({ expiration: z.string(), conditions: z.array(condition).min(1).max(200) });

export interface FormPolicy {
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly matches: readonly { readonly field: string; readonly value: string; readonly prefix: boolean }[];
  readonly length: { readonly least: number; readonly most: number } | undefined;
}

/** Reads the base64 of a policy. Fails with InvalidPolicyDocument. */
export function parseFormPolicy(base64: string): FormPolicy {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(base64, "base64").toString("utf8"));
  } catch (cause) {
    throw invalid("Invalid Policy: Invalid JSON.", cause);
  }
  const parsed = shape.safeParse(value);
  if (!parsed.success) throw invalid("Invalid Policy: Invalid 'expiration' or 'conditions'.");
  const { expiration } = parsed.data;
  const expiresAt = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(expiration) ? Date.parse(expiration) : Number.NaN;
  if (Number.isNaN(expiresAt)) throw invalid("Invalid Policy: Invalid 'expiration' value.");
  const matches: { field: string; value: string; prefix: boolean }[] = [];
  let length: FormPolicy["length"];
  for (const each of parsed.data.conditions) {
    if (!Array.isArray(each)) {
      for (const [field, wanted] of Object.entries(each)) {
        matches.push({ field: field.toLowerCase(), value: wanted, prefix: false });
      }
    } else if (each[0] === "content-length-range") {
      length = { least: bound(each[1]), most: bound(each[2]) };
    } else
      matches.push({
        field: each[1].slice(1).toLowerCase(),
        value: String(each[2]),
        prefix: each[0] === "starts-with",
      });
  }
  return { expiresAt, matches, length };
}

function bound(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw invalid("Invalid Policy: Invalid content-length-range.");
  return Number(value);
}

/** Fields that need no condition. */
const free = new Set(["x-amz-signature", "signature", "policy", "awsaccesskeyid", "file", "submit"]);

/** Fails with AccessDenied when the form is not what the policy allows. The file's length is checked elsewhere. */
export function checkForm(policy: FormPolicy, fields: ReadonlyMap<string, string>, bucket: string, now: number): void {
  if (policy.expiresAt <= now) throw denied("Policy expired.");
  const given = new Map(fields).set("bucket", bucket);
  for (const { field, value, prefix } of policy.matches) {
    const actual = given.get(field) ?? "";
    const holds = prefix ? startsWith(field, actual, value) : actual === value;
    if (!holds) throw denied(`Policy Condition failed: ["${prefix ? "starts-with" : "eq"}", "$${field}", "${value}"]`);
  }
  const covered = new Set(policy.matches.map(({ field }) => field));
  for (const field of given.keys()) {
    if (covered.has(field) || free.has(field) || field.startsWith("x-ignore-") || field.startsWith("x-amz-checksum-"))
      continue;
    if (field === "bucket" && !covered.has("bucket")) throw denied("Extra input fields: bucket");
    throw denied(`Extra input fields: ${field}`);
  }
}

/** Of lists of types, each must match. */
function startsWith(field: string, actual: string, value: string): boolean {
  if (field !== "content-type") return actual.startsWith(value);
  return actual.split(",").every((each) => each.trim().startsWith(value));
}

function denied(why: string): S3Error {
  return new S3Error("AccessDenied", { message: `Invalid according to Policy: ${why}` });
}

function invalid(message: string, cause?: unknown): S3Error {
  return new S3Error("InvalidPolicyDocument", { message, cause });
}
