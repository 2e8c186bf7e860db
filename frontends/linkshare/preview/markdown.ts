import { posix } from "node:path";
import MarkdownIt from "markdown-it";
import { cleanText } from "./clean-text.js";
import { highlight } from "./highlight.js";
import { languageOf } from "./languages.js";

const markdown = new MarkdownIt({
  html: false,
  linkify: false,
  highlight: (code, language) => highlight(code, languageOf(language)),
});

/** Only schemes that do no more than to open a page or a mail; and relative links, to what is shared beside the file. */
markdown.validateLink = (url) => {
  const text = url.trim().toLowerCase();
  if (/[\u0000-\u0020\\]/.test(text)) return false;
  const scheme = /^([^/?#:]*):/.exec(text)?.[1];
  return scheme === undefined ? !text.startsWith("//") : ["http", "https", "mailto"].includes(scheme);
};

const { rules } = markdown.renderer;

/** Where the text is: a path in an archive, or beside what its links name. */
interface Place {
  readonly entry?: string;
}

const isRelative = (url: string) => !/^(?:[^/?#]*:|[/?#])/.test(url);

/** The URL of a file that a text names by a relative one: its page, or its bytes. */
function fileUrl(url: string, { entry }: Place, wrap: 0 | 1): string {
  const [, path = "", query = "", fragment = ""] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(url) ?? [];
  if (entry !== undefined) return `?path=${encodeURIComponent(pathIn(entry, path))}&wrap=${wrap}${fragment}`;
  return wrap === 1 ? url : `${path}${query === "" ? "?" : `${query}&`}wrap=0${fragment}`;
}

/** As browsers resolve it: what would be above the top of the archive is at its top. */
function pathIn(entry: string, relative: string): string {
  let path = relative;
  try {
    path = decodeURIComponent(relative);
  } catch {
    // Then it is no URL, and perhaps the name itself.
  }
  return posix.join("/", posix.dirname(entry), path).slice(1);
}

rules["link_open"] = (tokens, index, options, env, self) => {
  const token = tokens[index]!;
  const url = String(token.attrGet("href") ?? "");
  if (isRelative(url)) token.attrSet("href", fileUrl(url, env as Place, 1));
  token.attrSet("rel", "noopener noreferrer nofollow ugc");
  return self.renderToken(tokens, index, options);
};

/** Images of elsewhere would tell who reads, and when: they are links. Those beside the file are shown. */
rules["image"] = (tokens, index, options, env, self) => {
  const token = tokens[index]!;
  const source = String(token.attrGet("src") ?? "");
  const alt = self.renderInlineAsText(token.children ?? [], options, env);
  const { escapeHtml } = markdown.utils;
  if (!isRelative(source)) {
    return `<a href="${escapeHtml(source)}" rel="noopener noreferrer nofollow ugc">${escapeHtml(alt || "image")}</a>`;
  }
  const raw = fileUrl(source, env as Place, 0);
  return `<img src="${escapeHtml(raw)}" alt="${escapeHtml(alt)}" loading="lazy">`;
};

// The name of the file is the heading of the page.
for (const rule of ["heading_open", "heading_close"]) {
  rules[rule] = (tokens, index, options, _env, self) => {
    const token = tokens[index]!;
    token.tag = `h${Math.min(Number(token.tag.slice(1)) + 1, 6)}`;
    return self.renderToken(tokens, index, options);
  };
}

// What is wider than the page scrolls, for which the keyboard must get at it.
for (const rule of ["fence", "code_block"]) {
  const render = rules[rule]!;
  rules[rule] = (...given) => render(...given).replace("<pre>", '<pre tabindex="0">');
}
rules["table_open"] = () => '<div class="scroll" tabindex="0"><table>\n';
rules["table_close"] = () => "</table></div>\n";

// Cells are aligned by style attributes, which the pages' policy does not allow.
for (const rule of ["th_open", "td_open"]) {
  rules[rule] = (tokens, index, options, _env, self) => {
    const token = tokens[index]!;
    const side = /text-align:\s*(center|right)/.exec(String(token.attrGet("style") ?? ""))?.[1];
    token.attrs = side === undefined ? null : [["class", `align-${side}`]];
    return self.renderToken(tokens, index, options);
  };
}

export function markdownHtml(text: string, entry?: string): string {
  return markdown.render(cleanText(text), { entry });
}
