import { BlockList, isIP } from "node:net";
import { matchesPattern } from "./pattern.js";
import type { Condition } from "./policy.js";

/** Values of condition keys, by key in lower case; undefined for what the request does not have. */
export type ConditionContext = (key: string) => readonly string[] | undefined;

/**
 * Whether a condition holds.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
 */
export function conditionHolds(condition: Condition, context: ConditionContext): boolean {
  const set = /^For(AllValues|AnyValue):/.exec(condition.operator)?.[1];
  const named = condition.operator.replace(/^For(?:AllValues|AnyValue):/, "");
  const ifExists = named.endsWith("IfExists");
  const operator = ifExists ? named.slice(0, -"IfExists".length) : named;
  const values = context(condition.key);
  if (operator === "Null") return condition.values.some((value) => (value === "true") === (values === undefined));
  if (values === undefined || values.length === 0) return ifExists || set === "AllValues" || isNegated(operator);
  const holds = (value: string): boolean => {
    if (isNegated(operator)) return condition.values.every((wanted) => !matches(positive(operator), value, wanted));
    return condition.values.some((wanted) => matches(operator, value, wanted));
  };
  return set === "AllValues" ? values.every(holds) : values.some(holds);
}

function isNegated(operator: string): boolean {
  return operator.includes("Not");
}

function positive(operator: string): string {
  return operator.replace("Not", "");
}

function matches(operator: string, value: string, wanted: string): boolean {
  switch (operator) {
    case "StringEquals":
      return value === wanted;
    case "StringEqualsIgnoreCase":
      return value.toLowerCase() === wanted.toLowerCase();
    case "ArnEquals":
    case "ArnLike":
    case "StringLike":
      return matchesPattern(wanted, value);
    case "Bool":
      return value.toLowerCase() === wanted.toLowerCase();
    case "IpAddress":
      return inNetwork(value, wanted);
    default:
      break;
  }
  const date = operator.startsWith("Date");
  const a = date ? dateOf(value) : Number(value);
  const b = date ? dateOf(wanted) : Number(wanted);
  switch (operator.replace(/^(Date|Numeric)/, "")) {
    case "Equals":
      return a === b;
    case "LessThan":
      return a < b;
    case "LessThanEquals":
      return a <= b;
    case "GreaterThan":
      return a > b;
    case "GreaterThanEquals":
      return a >= b;
    default:
      return false;
  }
}

function dateOf(text: string): number {
  return /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text);
}

/** "10.0.0.0/8" or a single address. IPv4 addresses inside IPv6 ones are taken as such. */
function inNetwork(address: string, network: string): boolean {
  const plain = address.replace(/^::ffff:(?=\d+\.)/, "");
  const [base = "", bits] = network.split("/");
  const version = isIP(base);
  if (version === 0 || isIP(plain) !== version) return false;
  const family = version === 4 ? "ipv4" : "ipv6";
  const list = new BlockList();
  try {
    list.addSubnet(base, bits === undefined ? (version === 4 ? 32 : 128) : Number(bits), family);
  } catch {
    return false;
  }
  return list.check(plain, family);
}
