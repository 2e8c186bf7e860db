import type { LifecycleRule } from "./settings/sections.js";

/** What rules look at. */
export interface RuleSubject {
  /** Bytes-as-text of the key. */
  readonly key: string;
  readonly size: number;
  readonly createdAt: Date;
  readonly tags: ReadonlyMap<string, string>;
}

/** Whether a rule is about an object. */
export function ruleApplies({ enabled, filter }: LifecycleRule, subject: RuleSubject): boolean {
  return (
    enabled &&
    subject.key.startsWith(filter.prefix ?? "") &&
    filter.tags.every(({ key, value }) => subject.tags.get(key) === value) &&
    (filter.sizeGreaterThan === undefined || subject.size > filter.sizeGreaterThan) &&
    (filter.sizeLessThan === undefined || subject.size < filter.sizeLessThan)
  );
}

/** So many days after a time, rounded up to midnight UTC, as Amazon counts. `dayMs` is the length of a day. */
export function daysAfter(time: number, days: number, dayMs: number): number {
  return Math.ceil((time + days * dayMs) / dayMs) * dayMs;
}

/** When rules expire the latest version of an object, and the rule that does it first. */
export function expiryOf(
  rules: readonly LifecycleRule[],
  subject: RuleSubject,
  dayMs: number,
): { readonly at: number; readonly rule: string } | undefined {
  let first: { at: number; rule: string } | undefined;
  for (const rule of rules) {
    const { expiration } = rule;
    if (expiration === undefined || !ruleApplies(rule, subject)) continue;
    const at =
      expiration.date !== undefined
        ? Date.parse(expiration.date)
        : expiration.days !== undefined
          ? daysAfter(subject.createdAt.getTime(), expiration.days, dayMs)
          : undefined;
    if (at !== undefined && (first === undefined || at < first.at)) first = { at, rule: rule.id };
  }
  return first;
}

/** The header x-amz-expiration of a reply about an object. */
export function expiryHeaders(
  rules: readonly LifecycleRule[] | undefined,
  subject: RuleSubject,
  dayMs: number,
): Readonly<Record<string, string>> {
  const expiry = rules === undefined ? undefined : expiryOf(rules, subject, dayMs);
  if (expiry === undefined) return {};
  const date = new Date(expiry.at).toUTCString();
  return { "x-amz-expiration": `expiry-date="${date}", rule-id="${encodeURIComponent(expiry.rule)}"` };
}
