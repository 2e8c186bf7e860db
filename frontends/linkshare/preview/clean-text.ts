const replacements: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/**
 * Text with "\n" at the ends of its lines, with pictures of the control characters, which HTML does not allow, and without
 * those that turn the direction of writing: with them source code reads other than it runs (CVE-2021-42574).
 */
export function cleanText(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/[\u0000-\u0008\u000b-\u001f]/g, (character) => String.fromCharCode(0x2400 + character.charCodeAt(0)))
    .replace(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g, "\ufffd");
}

/** Text as HTML that shows it. */
export function escapeText(text: string): string {
  return cleanText(text).replace(/[&<>"']/g, (character) => replacements[character]!);
}
