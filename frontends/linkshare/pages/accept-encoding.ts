/** Whether an Accept-Encoding header lets a coding be used (RFC 9110 section 12.5.3). */
export function acceptsCoding(header: string | undefined, coding: "identity" | "gzip"): boolean {
  if (header === undefined || header.trim() === "") return coding === "identity";
  let wildcard: boolean | undefined;
  for (const piece of header.split(",")) {
    const [name, ...parameters] = piece.split(";").map((part) => part.trim().toLowerCase());
    const quality = parameters.find((parameter) => /^q\s*=/.test(parameter))?.replace(/^q\s*=\s*/, "");
    const allowed = quality === undefined || Number(quality) > 0;
    if (name === coding) return allowed;
    if (name === "*") wildcard = allowed;
  }
  // Without a word about it, no coding at all is always acceptable.
  return wildcard ?? coding === "identity";
}
