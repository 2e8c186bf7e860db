import { hash, timingSafeEqual } from "node:crypto";

/** Tells whether an Authorization header has one of the tokens. All are compared, by digests, so that time tells nothing. */
export function tokenCheck(tokens: readonly string[]): (authorization: string) => boolean {
  const known = tokens.map((token) => digest(`Bearer ${token}`));
  return (authorization) => {
    const given = digest(authorization);
    let found = false;
    for (const token of known) found = timingSafeEqual(given, token) || found;
    return found;
  };
}

function digest(text: string): Buffer {
  return hash("sha256", text, "buffer");
}
