const allowedTags = new Set(
  (
    "a article blockquote body br button caption code dd del details div dl dt em figcaption figure footer h1 h2 h3 h4 h5 h6 head header " +
    "hr html iframe img input li link main meta nav ol p path pre rect s section span strong summary svg symbol table tbody td th thead time title " +
    "tr ul use video audio wbr script"
  ).split(" "),
);
const urlAttributes = new Set(["href", "src", "content"]);

export interface HtmlElement {
  readonly tag: string;
  readonly attributes: ReadonlyMap<string, string>;
}

/** Start tags of HTML as browsers see them, for HTML that is written in order: quoted attributes, escaped text. */
export function elementsOf(html: string): { elements: HtmlElement[]; problems: string[] } {
  const elements: HtmlElement[] = [];
  const problems: string[] = [];
  const tag = /<(?:(\/[a-z][a-z0-9]*)\s*|([a-z][a-z0-9]*)((?:\s+[a-zA-Z:-]+(?:="[^"]*")?)*)\s*\/?|!doctype html)>/y;
  for (let at = html.indexOf("<"); at >= 0; at = html.indexOf("<", at)) {
    tag.lastIndex = at;
    const match = tag.exec(html);
    if (match === null) {
      problems.push(`unescaped: ${html.slice(at, at + 40)}`);
      at++;
      continue;
    }
    at = tag.lastIndex;
    if (match[2] === undefined) continue;
    const attributes = new Map<string, string>();
    for (const [, name, value] of (match[3] ?? "").matchAll(/([a-zA-Z:-]+)(?:="([^"]*)")?/g)) {
      attributes.set(name!.toLowerCase(), unescaped(value ?? ""));
    }
    elements.push({ tag: match[2], attributes });
  }
  return { elements, problems };
}

/** What in the HTML could run, frame, style or fetch from elsewhere, or was not escaped. */
export function problemsOf(html: string): string[] {
  const { elements, problems } = elementsOf(html);
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/.test(html)) problems.push("control character");
  for (const { tag, attributes } of elements) {
    if (!allowedTags.has(tag)) problems.push(`element ${tag}`);
    if (tag === "script" && !/^\/static\/page\.js\?v=[\w-]+$/.test(attributes.get("src") ?? ""))
      problems.push("script");
    for (const [name, value] of attributes) {
      if (name.startsWith("on") || name === "style" || name === "srcdoc") problems.push(`attribute ${name}`);
      if (!urlAttributes.has(name)) continue;
      // Browsers drop these before they look for a scheme.
      const scheme = /^([^/?#]*?):/.exec(value.replace(/[\u0000-\u0020]/g, "").toLowerCase())?.[1];
      if (name === "content") continue;
      if (scheme !== undefined && !["http", "https", "mailto"].includes(scheme)) problems.push(`${name} ${value}`);
      if (name === "src" && scheme !== undefined) problems.push(`src of elsewhere: ${value}`);
    }
  }
  return problems;
}

function unescaped(text: string): string {
  return text.replace(
    /&(?:(amp|lt|gt|quot)|#(\d+)|#x([0-9a-f]+));/gi,
    (_, name: string, decimal: string, hex: string) =>
      name !== undefined
        ? { amp: "&", lt: "<", gt: ">", quot: '"' }[name.toLowerCase()]!
        : String.fromCodePoint(decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal)),
  );
}
