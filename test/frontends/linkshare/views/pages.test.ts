import test from "ava";
import fc from "fast-check";
import { assetOf } from "../../../../frontends/linkshare/assets/assets.js";
import { visible } from "../../../../frontends/linkshare/views/document.js";
import { dateText, sizeText } from "../../../../frontends/linkshare/views/format.js";
import {
  renderArchivePage,
  renderErrorPage,
  renderFolderPage,
  renderLandingPage,
  renderObjectPage,
} from "../../../../frontends/linkshare/views/index.js";
import { elementsOf, problemsOf } from "../html-problems.js";
import { archivePage, folderPage, modified, objectPage } from "./sample-pages.js";

const hrefs = (html: string) => elementsOf(html).elements.flatMap(({ attributes }) => attributes.get("href") ?? []);
const srcs = (html: string, tag: string) =>
  elementsOf(html)
    .elements.filter((element) => element.tag === tag)
    .map(({ attributes }) => attributes.get("src"));

test("the page of an object has its facts, preview, download, link, QR code and places", (t) => {
  const page = objectPage();
  const html = renderObjectPage(page);
  for (const text of [
    "2.3 MB",
    "4 Mar 2026, 05:06 UTC",
    "image/jpeg",
    "10.1.2.0/24",
    "6 pieces of 1 segment, in 2 places",
    "QR code",
  ]) {
    t.true(html.includes(text), text);
  }
  t.deepEqual(srcs(html, "img"), [page.urls.raw]);
  t.true(hrefs(html).includes("?download=1"));
  t.true(html.includes(`value="${page.shareUrl}"`));
  t.regex(html, /^<!doctype html>\n<html lang="en">/);
  t.regex(html, /<title>harbour at dawn\.jpg · Postern<\/title>/);
});

test("a link too long for a QR code has none, and is there all the same", (t) => {
  const shareUrl = `https://link.example/${"a".repeat(1_300)}`;
  const html = renderObjectPage(objectPage({ shareUrl }));
  t.false(html.includes("QR code"));
  t.true(html.includes(shareUrl));
});

test("each kind of object is shown by what can show it", (t) => {
  for (const tag of ["video", "audio"] as const)
    t.deepEqual(srcs(renderObjectPage(objectPage({ kind: tag })), tag), [objectPage().urls.raw]);
  t.deepEqual(srcs(renderObjectPage(objectPage({ kind: "pdf" })), "iframe"), [objectPage().urls.raw]);
  t.regex(
    renderObjectPage(objectPage({ kind: "text", previewHtml: '<span class="hljs-number">1</span>' })),
    /<code><span class="hljs-number">1</,
  );
  t.regex(renderObjectPage(objectPage({ kind: "markdown", previewHtml: "<h2>x</h2>" })), /<div class="prose"><h2>x</);
  t.regex(renderObjectPage(objectPage({ kind: "text", text: "a<b\n\u0000" })), /<code>a&lt;b\n\u2400<\/code>/);
  t.regex(renderObjectPage(objectPage({ kind: "text", text: "a", textCut: true })), /only the beginning/);
  t.regex(renderObjectPage(objectPage({ kind: "none" })), /no preview/);
  t.regex(renderObjectPage(objectPage({ kind: "none", size: 0 })), /This file is empty/);
  t.regex(renderObjectPage(objectPage({ kind: "text" })), /no preview/);
  const archive = objectPage({ urls: { ...objectPage().urls, archive: "?path=/" } });
  t.true(hrefs(renderObjectPage(archive)).includes("?path=/"));
  t.regex(
    renderObjectPage(objectPage({ placement: { rows: [], pieceCount: 0, segmentCount: 1 } })),
    /by the satellite itself/,
  );
  const many = Array.from({ length: 25 }, (_, index) => ({ label: `10.0.${index}.0/24`, count: index }));
  t.regex(
    renderObjectPage(objectPage({ placement: { rows: many, pieceCount: 300, segmentCount: 4 } })),
    /15 more places/,
  );
});

test("a folder is a list that can be sorted, or a grid of thumbnails", (t) => {
  const list = renderFolderPage(folderPage());
  t.true(
    ["?sort=-name", "?sort=size", "./raw%20files/", "?download-kind=zip", "?view=grid"].every((url) =>
      hrefs(list).includes(url),
    ),
  );
  t.regex(list, /<th scope="col" class="col-name" aria-sort="ascending">/);
  t.regex(list, /1 folder, 2 files</);
  t.is(srcs(list, "img").length, 0);
  const grid = renderFolderPage(folderPage({ view: "grid", next: "?cursor=x" }));
  t.deepEqual(srcs(grid, "img"), ["./a.jpg?thumbnail=1"]);
  t.regex(grid, /on this page/);
  t.true(hrefs(grid).includes("?cursor=x"));
  const bare = folderPage({
    entries: [],
    viewUrls: undefined,
    sort: { by: "name", descending: false },
    shareUrl: undefined,
  });
  t.regex(renderFolderPage(bare), /This folder is empty/);
  t.false(hrefs(renderFolderPage(bare)).includes("?download-kind=zip"));
});

test("an archive shows what can be taken out, and what can not", (t) => {
  const html = renderArchivePage(archivePage());
  t.true(hrefs(html).includes("?path=css%2Fpage.css"));
  t.regex(html, /cannot be taken out/);
  t.regex(html, /2 files, 1\.2 kB when unpacked/);
  t.regex(renderArchivePage(archivePage({ entries: [] })), /nothing in this archive/);
  t.regex(renderArchivePage(archivePage({ cut: true })), /more than can be shown/);
  t.regex(renderArchivePage(archivePage({ hidden: 2 })), /2 entries with a name/);
});

test("errors and the start page say what there is to say", (t) => {
  t.regex(
    renderErrorPage({ status: 404, title: "Not found", text: "Object not found." }),
    /404.*Not found.*Object not found\./s,
  );
  t.regex(renderErrorPage({ status: 403, title: "x", text: "y" }), /expired/);
  t.regex(renderLandingPage(), /Files, by link/);
  t.true(hrefs(renderLandingPage({ home: "/", assets: "/x/" })).some((url) => /^\/x\/page\.css\?v=[\w-]+$/.test(url)));
});

test("pages are free of inline styles and scripts, have one heading of the first level, and no id twice", (t) => {
  const pages = [
    ...(["image", "video", "audio", "pdf", "none"] as const).map((kind) => renderObjectPage(objectPage({ kind }))),
    renderObjectPage(objectPage({ kind: "markdown", previewHtml: "<h2>x</h2>" })),
    renderFolderPage(folderPage()),
    renderFolderPage(folderPage({ view: "grid" })),
    renderArchivePage(archivePage()),
    renderErrorPage({ status: 404, title: "Not found", text: "" }),
    renderLandingPage(),
  ];
  for (const html of pages) {
    t.deepEqual(problemsOf(html), []);
    t.is(html.split("<h1>").length, 2);
    const ids = elementsOf(html).elements.flatMap(({ attributes }) => attributes.get("id") ?? []);
    t.is(new Set(ids).size, ids.length);
    // What an icon refers to is on its page.
    for (const url of hrefs(html).filter((href) => href.startsWith("#"))) t.true(ids.includes(url.slice(1)), url);
  }
});

test("hostile names, keys, types, texts and places come out as text", (t) => {
  const bits = [
    "<script>alert(1)</script>",
    '"',
    "'",
    "<",
    ">",
    "&",
    '" onload="alert(1)',
    "</title>",
    "</textarea>",
    "<!--",
    "\0",
    "\u202egpj.exe",
    "\n",
    "javascript:",
    "{{x}}",
    "]]>",
    "&lt;",
    "\ud800",
  ];
  const text = fc
    .array(fc.oneof(fc.constantFrom(...bits), fc.string({ unit: "binary", maxLength: 5 })), { maxLength: 6 })
    .map((parts) => parts.join(""));
  const kind = fc.constantFrom("image", "video", "audio", "pdf", "text", "none");
  fc.assert(
    fc.property(text, text, kind, (one, two, kind) => {
      const object = objectPage({
        name: one,
        key: two,
        bucket: two,
        contentType: two,
        kind,
        text: one,
        shareUrl: `https://x/${two.replace(/[\u0000-\u001f]/g, "")}`,
        breadcrumbs: [{ name: one, url: "/x" }, { name: two }],
        placement: { rows: [{ label: one, count: 1 }], pieceCount: 1, segmentCount: 1 },
      });
      const entry = { name: one, kind: "object", size: 1, modified, url: "./x" } as const;
      const folder = folderPage({
        title: two,
        entries: [entry, { ...entry, kind: "folder", name: two }],
        breadcrumbs: object.breadcrumbs,
      });
      const archive = archivePage({
        title: one,
        entries: [
          { name: two, size: 1 },
          { name: one, size: 2, url: "?path=x" },
        ],
      });
      const pages = [
        renderObjectPage(object),
        renderFolderPage(folder),
        renderFolderPage({ ...folder, view: "grid" }),
        renderArchivePage(archive),
        renderErrorPage({ status: 400, title: one, text: two }),
      ];
      for (const html of pages) t.deepEqual(problemsOf(html), []);
    }),
    { numRuns: 150 },
  );
});

test("what cannot be seen is made visible", (t) => {
  t.is(visible("a\u202egpj.exe"), "a\ufffdgpj.exe");
  t.is(visible("a\0\n\u007f"), "a\u2400\u240a\u2421");
  t.is(visible("naïve 文件 🎉"), "naïve 文件 🎉");
});

test("sizes and dates read well", (t) => {
  const sizes: [number, string][] = [
    [0, "0 bytes"],
    [1, "1 byte"],
    [999, "999 bytes"],
    [1000, "1 kB"],
    [1234, "1.2 kB"],
    [99_950, "100 kB"],
    [123_456, "123 kB"],
    [999_499, "999 kB"],
    [999_500, "1 MB"],
    [5e9, "5 GB"],
    [2.5e15, "2.5 PB"],
  ];
  for (const [bytes, text] of sizes) t.is(sizeText(bytes), text);
  t.is(dateText(modified), "4 Mar 2026, 05:06 UTC");
  t.is(dateText(new Date(Number.NaN)), "unknown");
});

test("assets are found, with types and tags; other names are not", (t) => {
  t.regex(Buffer.from(assetOf("page.css")!.body).toString(), /prefers-color-scheme: dark/);
  t.is(assetOf("page.js")!.type, "text/javascript; charset=utf-8");
  t.regex(assetOf("icon.svg")!.etag, /^"[\w-]{16}"$/);
  t.is(assetOf("page.css"), assetOf("page.css"));
  for (const name of ["", "../assets.js", "page.css/", "PAGE.CSS", "__proto__", "/etc/passwd"])
    t.is(assetOf(name), undefined);
});

test("a page takes a few milliseconds", (t) => {
  const entries = Array.from({ length: 100 }, (_, index) => ({
    ...folderPage().entries[1]!,
    name: `${index} ${"name ".repeat(5)}.jpg`,
  }));
  renderFolderPage(folderPage({ entries }));
  const started = performance.now();
  for (let index = 0; index < 5; index++) renderFolderPage(folderPage({ entries }));
  t.true((performance.now() - started) / 5 < 100);
});
