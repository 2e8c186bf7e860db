import hljs from "highlight.js/lib/common";
import { cleanText, escapeText } from "./clean-text.js";

/** What highlighting is worth: the grammars go back over long lines again and again. */
const longestText = 256 * 1024;
const longestLine = 2_000;

/** Source code as HTML with the classes of highlight.js; plain where the language is not known. */
export function highlight(text: string, language: string): string {
  if (text.length > longestText || hljs.getLanguage(language) === undefined) return escapeText(text);
  if (text.split("\n").some((line) => line.length > longestLine)) return escapeText(text);
  return hljs.highlight(cleanText(text), { language, ignoreIllegals: true }).value;
}
