import { DavError } from "./errors.js";
import { destinationOf, type Target } from "./target.js";

interface Condition {
  readonly not: boolean;
  readonly token?: string;
  readonly etag?: string;
}

interface ConditionList {
  /** Undefined is the resource of the request. */
  readonly target: Target | undefined;
  readonly conditions: readonly Condition[];
}

export interface IfHeader {
  /** All that the client shows that it knows. */
  readonly tokens: readonly string[];
  /** Whether one of its lists holds; `about` tells tokens and ETag of a resource. */
  holds(about: (target: Target | undefined) => Promise<{ tokens: readonly string[]; etag?: string }>): Promise<boolean>;
}

/** The If header (RFC 4918 clause 10.4). Throws 400 for what does not parse. */
export function parseIf(header: string | undefined, host: string | undefined): IfHeader {
  const lists: ConditionList[] = [];
  let rest = header?.trim() ?? "";
  let target: Target | undefined;
  while (rest !== "") {
    const tag = /^<([^>]*)>\s*/.exec(rest);
    if (tag !== null) {
      target = destinationOf(tag[1], host);
      rest = rest.slice(tag[0].length);
    }
    const list = /^\(([^)]*)\)\s*/.exec(rest);
    if (list === null) throw new DavError(400);
    lists.push({ target, conditions: conditionsOf(list[1]!) });
    rest = rest.slice(list[0].length);
  }
  return {
    tokens: lists.flatMap(({ conditions }) => conditions.flatMap(({ token, not }) => (token && !not ? [token] : []))),
    async holds(about) {
      if (lists.length === 0) return true;
      for (const { target, conditions } of lists) {
        const { tokens, etag } = await about(target);
        const is = ({ token, etag: wanted }: Condition) => (token ? tokens.includes(token) : etag === wanted);
        if (conditions.every((condition) => is(condition) !== condition.not)) return true;
      }
      return false;
    },
  };
}

function conditionsOf(text: string): Condition[] {
  const conditions: Condition[] = [];
  let rest = text.trim();
  while (rest !== "") {
    const match = /^(Not\s+)?(?:<([^>]+)>|\[((?:W\/)?"[^"]*")\])\s*/i.exec(rest);
    if (match === null) throw new DavError(400);
    const [whole, not, token, etag] = match;
    conditions.push({ not: not !== undefined, token, etag });
    rest = rest.slice(whole.length);
  }
  if (conditions.length === 0) throw new DavError(400);
  return conditions;
}
