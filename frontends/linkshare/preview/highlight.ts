import hljs from "highlight.js/lib/common";

/** What highlighting is worth: the grammars go back over long lines again and again. */
const longestText = 256 * 1024;
const longestLine = 2_000;

const replacements: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text as HTML that shows it; control characters, which HTML does not allow, as their pictures. */
export function escapeText(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => replacements[character]!)
    .replace(/\r\n?/g, "\n")
    .replace(/[\u0000-\u0008\u000b-\u001f]/g, (character) => String.fromCharCode(0x2400 + character.charCodeAt(0)))
    .replace(/[\u007f-\u009f\u202a-\u202e\u2066-\u2069\ufffe\uffff]/g, "\ufffd");
}

/** Source code as HTML with the classes of highlight.js; plain where the language is not known. */
export function highlight(text: string, language: string): string {
  if (text.length > longestText || hljs.getLanguage(language) === undefined) return escapeText(text);
  if (text.split("\n").some((line) => line.length > longestLine)) return escapeText(text);
  const clean = text
    .replace(/\r\n?/g, "\n")
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, "\ufffd");
  return hljs.highlight(clean, { language, ignoreIllegals: true }).value;
}
