/**
 * "attachment" with a file name, as Go's mime.FormatMediaType writes it where the name is ASCII. Others are told twice:
 * by RFC 8187 and, for clients that do not know it, with "_" for what they could not read (RFC 6266 appendix D).
 */
export function attachment(fileName: string): string {
  if (fileName === "") return "attachment";
  if (!/[^\t\x20-\x7e]/.test(fileName))
    return `attachment; filename=${isToken(fileName) ? fileName : quoted(fileName)}`;
  const plain = fileName.replace(/[^\x20-\x7e]/gu, "_").replaceAll("%", "_");
  return `attachment; filename=${quoted(plain)}; filename*=utf-8''${extended(fileName)}`;
}

function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~0-9A-Za-z{}]+$/.test(text);
}

function quoted(text: string): string {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** RFC 8187 section 3.2.1 value-chars. */
function extended(text: string): string {
  return Buffer.from(text, "utf8")
    .toString("latin1")
    .replace(
      /[^!#$&+\-.^_`|~0-9A-Za-z]/g,
      (char) => `%${char.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`,
    );
}
