import { z } from "zod";
import { S3Error } from "../errors.js";
import { matchesPattern } from "./pattern.js";
import { actionsKnown, conditionKnown } from "./policy-vocabulary.js";

/**
 * Bucket policies: the part of Amazon's language that is enforced here. What is not enforced is refused when the policy
 * is put. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html
 */
export interface Statement {
  readonly effect: "Allow" | "Deny";
  /** "*" is everybody; others are canonical user ids, or names that are nobody's. */
  readonly principals: readonly string[];
  /** Patterns with "*" and "?", of actions in lower case. */
  readonly actions: readonly string[];
  readonly notActions: boolean;
  /** Patterns of what follows "arn:aws:s3:::". */
  readonly resources: readonly string[];
  readonly notResources: boolean;
  readonly conditions: readonly Condition[];
}

export interface Condition {
  /** As written, e.g. "StringLikeIfExists". */
  readonly operator: string;
  /** In lower case. */
  readonly key: string;
  readonly values: readonly string[];
}

export interface Policy {
  readonly statements: readonly Statement[];
}

const oneOrMany = z.union([z.string(), z.array(z.string()).max(500)]);
const scalar = z.union([z.string(), z.number(), z.boolean()]);
const statementShape = z
  .strictObject({
    Sid: z.string().optional(),
    Effect: z.enum(["Allow", "Deny"]),
    Principal: z
      .union([
        z.literal("*"),
        z.strictObject({
          AWS: oneOrMany.optional(),
          CanonicalUser: oneOrMany.optional(),
          Service: oneOrMany.optional(),
        }),
      ])
      .optional(),
    Action: oneOrMany.optional(),
    NotAction: oneOrMany.optional(),
    Resource: oneOrMany.optional(),
    NotResource: oneOrMany.optional(),
    Condition: z.record(z.string(), z.record(z.string(), z.union([scalar, z.array(scalar).max(500)]))).optional(),
  })
  .refine((s) => (s.Action === undefined) !== (s.NotAction === undefined), "one of Action and NotAction")
  .refine((s) => (s.Resource === undefined) !== (s.NotResource === undefined), "one of Resource and NotResource");

const policyShape = z.strictObject({
  Version: z.enum(["2012-10-17", "2008-10-17"]).optional(),
  Id: z.string().optional(),
  Statement: z.union([statementShape, z.array(statementShape).min(1).max(200)]),
});

/** Amazon's limit. */
export const maxPolicyBytes = 20 * 1024;

/** Parses and checks a policy for the bucket. Fails with MalformedPolicy. */
export function parsePolicy(text: string, bucket: string): Policy {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed("Policies must be valid JSON and the first byte must be '{'", cause);
  }
  const parsed = policyShape.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw malformed(`${issue?.path.join(".") || "Policy"}: ${issue?.message ?? "is not valid"}`);
  }
  const statements = [parsed.data.Statement].flat().map((statement) => statementOf(statement));
  for (const { resources } of statements) {
    for (const resource of resources) checkResource(resource, bucket);
  }
  return { statements };
}

function statementOf(raw: z.infer<typeof statementShape>): Statement {
  const actions = many(raw.Action ?? raw.NotAction).map((action) => action.toLowerCase());
  for (const action of actions) {
    if (!actionsKnown(action)) throw malformed(`Policy has invalid action: ${action}`);
  }
  if (raw.Principal === undefined) throw malformed("Missing required field Principal");
  return {
    effect: raw.Effect,
    principals: principalsOf(raw.Principal),
    actions,
    notActions: raw.NotAction !== undefined,
    resources: many(raw.Resource ?? raw.NotResource).map(resourceOf),
    notResources: raw.NotResource !== undefined,
    conditions: Object.entries(raw.Condition ?? {}).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([name, values]): Condition => {
        const key = name.toLowerCase();
        if (!conditionKnown(operator, key)) throw malformed(`Policy has an invalid condition: ${operator} ${name}`);
        return { operator, key, values: [values].flat().map(String) };
      }),
    ),
  };
}

const arnPrefix = "arn:aws:s3:::";

function resourceOf(text: string): string {
  if (text === "*") return "*";
  if (!text.startsWith(arnPrefix)) throw malformed("Policy has invalid resource");
  return text.slice(arnPrefix.length);
}

/** A pattern that can never match this bucket is a mistake, and Amazon refuses it. */
function checkResource(pattern: string, bucket: string): void {
  const name = pattern.split("/", 1)[0]!;
  if (!matchesPattern(name, bucket)) throw malformed("Policy has invalid resource");
}

/** "arn:aws:iam::ID:user/NAME", "arn:aws:iam::ID:root", "arn:aws:iam:::user/ID" or a bare id. */
function principalsOf(principal: Exclude<z.infer<typeof statementShape>["Principal"], undefined>): string[] {
  if (principal === "*") return ["*"];
  const named = [...many(principal.AWS), ...many(principal.CanonicalUser)];
  const services = many(principal.Service).map((name) => `service ${name}`);
  if (named.length + services.length === 0) throw malformed("Invalid principal in policy");
  const users = named.map((name) => {
    if (name === "*" || /^[0-9a-zA-Z_+=,.@-]{1,128}$/.test(name)) return name;
    const arn = /^arn:aws:iam::([^:/\s]*):(?:root|(?:user|role)\/([^\s]+))$/.exec(name);
    if (arn === null) throw malformed("Invalid principal in policy");
    return idOf(arn[2]) ?? idOf(arn[1]) ?? name;
  });
  return [...users, ...services];
}

/** What delivers access logs, among principals. Other services are nobody here. */
export const loggingService = "service logging.s3.amazonaws.com";

function idOf(text: string | undefined): string | undefined {
  return text !== undefined && /^[0-9a-f]{64}$/.test(text) ? text : undefined;
}

function many(value: string | readonly string[] | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === "string" ? [value] : value;
}

function malformed(message: string, cause?: unknown): S3Error {
  return new S3Error("MalformedPolicy", { message, cause });
}
