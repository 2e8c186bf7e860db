import { highlight } from "./highlight.js";
import { languageOf } from "./languages.js";
import { markdownHtml } from "./markdown.js";

/**
 * Text as the inside of a `<code>`: escaped, and highlighted where the name tells the language. Takes seconds for text made
 * to be slow: where it comes from strangers, use previewer.ts.
 */
export function renderText(text: string, name: string): string {
  return highlight(text, languageOf(name));
}

/**
 * Markdown as HTML without anything that could run, frame, or fetch from elsewhere. As slow as renderText may be.
 * @param entry path of the text in an archive, in which relative links and images are then looked for
 */
export function renderMarkdown(text: string, entry?: string): string {
  return markdownHtml(text, entry);
}
