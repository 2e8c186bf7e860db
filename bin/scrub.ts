const censor = "[secret]";

/** What secrets look like, wherever they stand, and what to keep of it. */
const shapes: readonly (readonly [RegExp, string])[] = [
  // Access key ids and secret keys (core/auth/access-key.ts).
  [/\bj[uvwx][a-z2-7]{26}\b/gi, censor],
  [/\bj[yz23][a-z2-7]{51}\b/gi, censor],
  // Access grants and API keys: base58, far longer than node ids.
  [/\b[1-9A-HJ-NP-Za-km-z]{60,}\b/g, censor],
  [/\b(Bearer\s+)[^\s"\\]+/gi, `$1${censor}`],
  // Version 4 and 2, in headers and in queries.
  [/(Signature=)[^&\s",\\]+/gi, `$1${censor}`],
  [/(X-Amz-Security-Token=)[^&\s",\\]+/gi, `$1${censor}`],
  [/\b(AWS [^\s:"\\]+:)[A-Za-z0-9+/=]+/g, `$1${censor}`],
  [/(postgres(?:ql)?:\/\/[^:@/\s"]*:)[^@\s"]*(?=@)/gi, `$1${censor}`],
];

/**
 * Takes out of a line of the log whatever has the form of a secret. Nothing should put one there; this is for what nobody
 * thought of, such as texts of errors from libraries.
 */
export function scrub(line: string): string {
  let clean = line;
  for (const [shape, kept] of shapes) clean = clean.replace(shape, kept);
  return clean;
}
