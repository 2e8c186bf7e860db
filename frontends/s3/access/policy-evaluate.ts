import { matchesPattern } from "./pattern.js";
import type { Policy, Statement } from "./policy.js";
import { type ConditionContext, conditionHolds } from "./policy-conditions.js";

/** What somebody wants to do. */
export interface PolicyQuestion {
  /** Canonical user id; undefined for the anonymous user. */
  readonly userId: string | undefined;
  /** In lower case: "s3:getobject". */
  readonly action: string;
  /** "bucket" or "bucket/key". */
  readonly resource: string;
  readonly context: ConditionContext;
}

export type PolicyVerdict = "allow" | "deny" | "nothing";

/** A statement that denies wins over any that allow. */
export function evaluatePolicy(policy: Policy, question: PolicyQuestion): PolicyVerdict {
  let verdict: PolicyVerdict = "nothing";
  for (const statement of policy.statements) {
    if (!applies(statement, question)) continue;
    if (statement.effect === "Deny") return "deny";
    verdict = "allow";
  }
  return verdict;
}

function applies(statement: Statement, { userId, action, resource, context }: PolicyQuestion): boolean {
  return (
    statement.principals.some((principal) => principal === "*" || principal === userId) &&
    statement.actions.some((pattern) => matchesPattern(pattern, action)) !== statement.notActions &&
    statement.resources.some((pattern) => matchesPattern(pattern, resource)) !== statement.notResources &&
    statement.conditions.every((condition) => conditionHolds(condition, context))
  );
}

/** Conditions that narrow a statement to requests of known origin, for "is this policy public". */
const narrowing = new Set(["aws:sourceip", "aws:principaltype"]);

/**
 * Whether a policy lets everybody in, by Amazon's meaning: an Allow for "*" that no fixed condition narrows.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
 */
export function isPublicPolicy(policy: Policy): boolean {
  return policy.statements.some(
    ({ effect, principals, conditions }) =>
      effect === "Allow" &&
      principals.includes("*") &&
      !conditions.some(({ operator, key, values }) => {
        if (!narrowing.has(key) || /Not|IfExists/.test(operator)) return false;
        return values.every((value) => !/[*?]/.test(value) && !value.endsWith("/0"));
      }),
  );
}

/** Whether it lets anybody in who is not the owner. */
export function allowsOthers(policy: Policy, owner: string): boolean {
  return policy.statements.some(
    ({ effect, principals }) => effect === "Allow" && principals.some((principal) => principal !== owner),
  );
}

/** Whether it lets somebody change what is in the bucket. */
export function allowsWrites(policy: Policy): boolean {
  return policy.statements.some(
    ({ effect, actions, notActions }) =>
      effect === "Allow" && (notActions || actions.some((pattern) => !/^s3:(get|list|head)/.test(pattern))),
  );
}
