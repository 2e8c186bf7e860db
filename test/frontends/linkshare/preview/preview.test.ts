import { setTimeout } from "node:timers/promises";
import test from "ava";
import fc from "fast-check";
import { type PreviewKind, previewKind } from "../../../../frontends/linkshare/preview/kind.js";
import { createPreviewer } from "../../../../frontends/linkshare/preview/previewer.js";
import { renderMarkdown, renderText } from "../../../../frontends/linkshare/preview/render.js";
import { problemsOf } from "../html-problems.js";

test("the kind is that of the type, and of the name where the type says nothing", (t) => {
  const cases: [string, string, PreviewKind][] = [
    ["a.png", "image/png", "image"],
    ["a.txt", "image/jpeg; x=y", "image"],
    ["a.PNG", "", "image"],
    ["a.mp4", "application/octet-stream", "video"],
    ["a", "video/webm", "video"],
    ["a.mp3", "audio/mpeg", "audio"],
    ["a.pdf", "binary/octet-stream", "pdf"],
    ["a.md", "text/plain; charset=utf-8", "markdown"],
    ["a", "text/markdown", "markdown"],
    ["a.ts", "video/mp2t", "text"],
    ["a.svg", "image/svg+xml", "image"],
    ["a.html", "text/html", "text"],
    ["a.json", "application/json", "text"],
    ["dir.md/Makefile", "", "text"],
    [".gitignore", "", "text"],
    ["a.png", "application/zip", "none"],
    ["a.exe", "", "none"],
    ["a", "", "none"],
    ["", "", "none"],
    ["a.__proto__", "", "none"],
    ["a.mkv", "video/x-matroska", "none"],
  ];
  for (const [name, type, kind] of cases) t.is(previewKind(name, type), kind, `${name} ${type}`);
});

test("source code is highlighted by its name, and else only escaped", (t) => {
  t.is(
    renderText("const a = '<b>';", "a.ts"),
    `<span class="hljs-keyword">const</span> a = <span class="hljs-string">&#x27;&lt;b&gt;&#x27;</span>;`,
  );
  t.is(renderText("<script>&\"'", "a.unknown"), "&lt;script&gt;&amp;&quot;&#39;");
  t.is(renderText("a\r\nb\rc\u0007\u202e", "a"), "a\nb\nc\u2407\ufffd");
  t.regex(renderText("[a]\nb = 1", "x/y.conf"), /hljs-section/);
  t.regex(renderText("FROM x", "Makefile"), /FROM/);
  // A line this long is not written by people.
  t.notRegex(renderText(`"${"a".repeat(5000)}"`, "a.js"), /span/);
});

test("markdown has its marks, with nothing that runs or fetches from elsewhere", (t) => {
  t.is(renderMarkdown("# A\n\n*b* `c`"), "<h2>A</h2>\n<p><em>b</em> <code>c</code></p>\n");
  t.is(renderMarkdown("<b onclick=x>"), "<p>&lt;b onclick=x&gt;</p>\n");
  t.is(
    renderMarkdown("![x](https://e.org/p.png)"),
    `<p><a href="https://e.org/p.png" rel="noopener noreferrer nofollow ugc">x</a></p>\n`,
  );
  t.is(renderMarkdown("![x](img/p.png#a)"), `<p><img src="img/p.png?wrap=0#a" alt="x" loading="lazy"></p>\n`);
  t.is(renderMarkdown("![](/raw/x)"), `<p><a href="/raw/x" rel="noopener noreferrer nofollow ugc">image</a></p>\n`);
  t.is(renderMarkdown("[a](b.md)"), `<p><a href="b.md" rel="noopener noreferrer nofollow ugc">a</a></p>\n`);
  t.regex(renderMarkdown("```ts\nlet a = 1\n```"), /<span class="hljs-keyword">let<\/span>/);
  t.regex(renderMarkdown("|a|\n|-:|\n|b|"), /<td class="align-right">b<\/td>/);
  for (const url of [
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)",
    "data:text/html,x",
    "vbscript:x",
    "file:///etc",
    "&#106;avascript:x",
    "//evil.example/x",
    "blob:x",
    "ftp://x",
    "java\\script:x",
  ]) {
    for (const source of [`[a](${url})`, `![a](${url})`, `<${url}>`, `[a][b]\n\n[b]: ${url}`]) {
      t.notRegex(renderMarkdown(source), /(?:href|src)=/, source);
    }
  }
});

test("in an archive, relative links and images are those of the archive", (t) => {
  const rel = 'rel="noopener noreferrer nofollow ugc"';
  const link = (url: string) => renderMarkdown(`[a](${url})`, "site/docs/a.md").match(/href="([^"]*)"/)?.[1];
  t.is(link("b.md#x"), "?path=site%2Fdocs%2Fb.md&amp;wrap=1#x");
  t.is(link("../b%20c.md?x"), "?path=site%2Fb%20c.md&amp;wrap=1");
  t.is(link("../../../../etc"), "?path=etc&amp;wrap=1");
  t.is(link("%zz"), "?path=site%2Fdocs%2F%25zz&amp;wrap=1");
  for (const url of ["https://e.org/", "#x", "?x", "/x"]) t.is(link(url), url);
  t.is(
    renderMarkdown("![x](../p&q.png) ![y](/z)", "a/b.md"),
    `<p><img src="?path=p%26q.png&amp;wrap=0" alt="x" loading="lazy"> <a href="/z" ${rel}>y</a></p>\n`,
  );
});

test("no text becomes more HTML than previews make", async (t) => {
  const bits = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "](javascript:alert(1))",
    "![",
    "[",
    '" onload="x',
    "'",
    "`",
    "```js\n",
    "\n",
    "|",
    "-|-",
    "# ",
    "> ",
    "<!--",
    "]]>",
    "&lt;",
    "&#0;",
    "\0",
    "</code></pre>",
    "${",
    "<a href=",
    "x:y",
    'http://a.b/"x',
    "<svg/onload=alert(1)>",
    "*/",
    "\u2028",
  ];
  const text = fc
    .array(fc.oneof(fc.constantFrom(...bits), fc.string({ unit: "binary", maxLength: 8 })), { maxLength: 14 })
    .map((parts) => parts.join(""));
  const name = fc.constantFrom(
    "a.md",
    "a.html",
    "a.js",
    "a.css",
    "a.py",
    "a.json",
    "a.xml",
    "a.sh",
    "a.php",
    "a.txt",
    "a.tsx",
    "a.vue",
  );
  fc.assert(
    fc.property(text, name, (source, file) => {
      t.deepEqual(problemsOf(renderText(source, file)), []);
      t.deepEqual(problemsOf(renderMarkdown(source)), []);
      t.deepEqual(problemsOf(renderMarkdown(source, source)), []);
      t.deepEqual(problemsOf(renderMarkdown(`\`\`\`${source}\n${source}\n\`\`\``)), []);
    }),
    { numRuns: 300 },
  );
});

test("a text made to be slow is shown without colours, and those behind it with theirs", async (t) => {
  const previewer = createPreviewer({ timeoutMs: 400, waitMs: 60_000 });
  t.teardown(() => previewer.close());
  // Quadratic for the grammar of C#, within the limits of text and line.
  const slow = `${"def ".repeat(450)}\n`.repeat(120);
  const [first, second, third] = await Promise.all([
    previewer.text(slow, "a.cs"),
    previewer.text("let a", "a.js"),
    previewer.markdown("*a*"),
  ]);
  t.is(first, slow);
  t.is(second, '<span class="hljs-keyword">let</span> a');
  t.is(third, "<p><em>a</em></p>\n");
});

test("nobody waits longer for a turn than the limit", async (t) => {
  const previewer = createPreviewer({ timeoutMs: 60_000, waitMs: 1 });
  t.teardown(() => previewer.close());
  // The thread is not ready before that: grammars are loaded.
  t.is(await previewer.text("let a", "a.js"), "let a");
});

test("the thread is ended when there is nothing to do for it, and started again", async (t) => {
  const previewer = createPreviewer({ timeoutMs: 60_000, waitMs: 60_000, idleMs: 1 });
  t.teardown(() => previewer.close());
  const html = '<span class="hljs-keyword">let</span> a';
  t.is(await previewer.text("let a", "a.js"), html);
  await setTimeout(20);
  t.is(await previewer.text("let a", "a.js"), html);
});

test("the previewer takes so many at a time, and none after it is closed", async (t) => {
  const previewer = createPreviewer({ timeoutMs: 60_000, waitMs: 60_000, most: 3 });
  const many = await Promise.all(Array.from({ length: 5 }, () => previewer.text("let a", "a.js")));
  t.deepEqual(
    many.map((html) => html.includes("<span")),
    [true, true, true, false, false],
  );
  const late = previewer.markdown("*a*");
  await previewer.close();
  t.is(await late, undefined);
  t.is(await previewer.text("<", "a.js"), "&lt;");
});
