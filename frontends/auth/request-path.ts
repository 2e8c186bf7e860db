/**
 * The decoded path of a request target. It may be a whole URL, which servers must take (RFC 9112 section 3.2.2).
 * Undefined where an escape is broken.
 */
export function pathOf(target: string): string | undefined {
  let path = target;
  const query = path.indexOf("?");
  if (query >= 0) path = path.slice(0, query);
  if (!path.startsWith("/")) path = path.replace(/^https?:\/\/[^/]*/i, "") || "/";
  if (!path.includes("%")) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    // The caller is told by a 400.
    return undefined;
  }
}
