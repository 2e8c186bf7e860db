/** Bytes of an object; never empty. */
export interface Span {
  readonly offset: number;
  readonly length: number;
}

/** What a Range header asks of an object of `size` bytes. */
export type RangeRequest =
  /** All of it: no header, or ranges that together are more than the object. */
  | { readonly kind: "whole" }
  | { readonly kind: "spans"; readonly spans: readonly Span[] }
  /** Nothing of it is there, or it makes no sense: 416, as storj/common ranger/httpranger has it. */
  | { readonly kind: "unsatisfiable" };

/** More ranges than this cost more than the whole object (RFC 9110 section 14.2 lets a server ignore them). */
const mostRanges = 32;

const whole: RangeRequest = { kind: "whole" };
const unsatisfiable: RangeRequest = { kind: "unsatisfiable" };

/** Source: storj/common ranger/httpranger/content.go ParseRange, which is Go's net/http. */
export function parseRanges(text: string | undefined, size: number): RangeRequest {
  if (text === undefined || text === "") return whole;
  if (!text.startsWith("bytes=")) return unsatisfiable;
  const spans: Span[] = [];
  let outside = false;
  const pieces = text.slice("bytes=".length).split(",");
  for (const piece of pieces) {
    const range = piece.trim();
    if (range === "") continue;
    const match = /^(\d{0,16})\s*-\s*(\d{0,16})$/.exec(range);
    const span = match === null ? undefined : spanOf(match[1]!, match[2]!, size);
    if (span === undefined) return unsatisfiable;
    if (span === "outside") outside = true;
    else spans.push(span);
  }
  if (spans.length === 0) return outside ? unsatisfiable : whole;
  const sum = spans.reduce((total, { length }) => total + length, 0);
  return sum > size || spans.length > mostRanges ? whole : { kind: "spans", spans };
}

function spanOf(first: string, last: string, size: number): Span | "outside" | undefined {
  if (first === "") {
    if (last === "") return undefined;
    const length = Math.min(Number(last), size);
    return length === 0 ? "outside" : { offset: size - length, length };
  }
  const offset = Number(first);
  if (last !== "" && Number(last) < offset) return undefined;
  if (offset >= size) return "outside";
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  return { offset, length: end - offset };
}
