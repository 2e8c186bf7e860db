import { gunzipSync } from "node:zlib";
import test from "ava";
import sharp from "sharp";
import { extract } from "tar-stream";
import { fromBufferPromise } from "yauzl";
import { serializeGrant } from "../../../core/access/grant.js";
import { shareGrant } from "../../../core/access/share.js";
import { linkGrant, linkKeys, startLinkTestServer } from "../../helpers/link-server.js";
import { createMemoryProject } from "../../helpers/memory-project.js";

const project = createMemoryProject();
const server = await startLinkTestServer({ pageEntries: 5 }, { project });
await project.createBucket("files");
const put = (key: string | Uint8Array, body: string | Uint8Array) =>
  project.putObject("files", key, [Buffer.from(body)]);
for (const [key, body] of [
  ["pics/b.txt", "22"],
  ["pics/a.txt", "4444"],
  ["pics/c.txt", "1"],
  ["pics/sub/x", "x"],
  ["pics/", ""],
  ["pics/.file_placeholder", ""],
  ["tree/one", "1"],
  ["tree/deep/two", "22"],
  ["tree/deep/", ""],
  ["tree/slash/", "body"],
  ["tree/../../escape", "e"],
  ["tree/c:\\evil", "w"],
] as const) {
  await put(key, body);
}
for (let i = 0; i < 12; i++) await put(`many/${String(i).padStart(2, "0")}`, "x".repeat(i));
await put(Buffer.concat([Buffer.from("raw/"), Buffer.from([0xff, 0x3c])]), "bytes");
await put(
  "img/a.png",
  await sharp({ create: { width: 900, height: 600, channels: 3, background: "#38a" } })
    .png()
    .toBuffer(),
);
await put("img/broken.png", "no image");
await put("img/empty.png", "");
const s = (path: string) => `/s/${linkKeys.public}/files/${path}`;
const raw = (path: string) => `/raw/${linkKeys.public}/files/${path}`;
test.after.always(() => server.stop());

/** Names of a page's entries, in their order, by their links. */
function entriesOf(html: string, folder: string): string[] {
  const found = [...html.matchAll(/href="([^"]*)"/g)].map((match) => match[1]!);
  const names = found
    .filter((url) => url.startsWith(s(folder)) && !url.includes("?"))
    .map((url) => url.slice(s(folder).length));
  return [...new Set(names)].filter((name) => name !== "");
}

test("entries are sorted, folders first", async (t) => {
  const rows: readonly [query: string, names: string][] = [
    ["", "sub/ a.txt b.txt c.txt"],
    ["?order=desc", "sub/ c.txt b.txt a.txt"],
    ["?sort=size", "sub/ c.txt b.txt a.txt"],
    ["?sort=size&order=desc", "sub/ a.txt b.txt c.txt"],
    ["?sort=nonsense&order=nonsense", "sub/ a.txt b.txt c.txt"],
    ["?layout=grid", "sub/ a.txt b.txt c.txt"],
  ];
  for (const [query, names] of rows) {
    const reply = await server.get(s("pics/") + query);
    t.is(entriesOf(reply.text, "pics/").join(" "), names, query);
  }
});

/** Names of all pages from this one on. */
async function pagesFrom(first: string, get = server.get): Promise<string[]> {
  const pages: string[] = [];
  let target: string | undefined = first;
  while (target !== undefined) {
    const { text } = await get(target);
    const names = entriesOf(text, "many/");
    pages.push(names.join(" "));
    target = [...text.matchAll(/href="([^"]*cursor=[^"]*)"/g)]
      .map((match) => match[1]!.replaceAll("&amp;", "&"))
      .find((url) => names.some((name) => url.endsWith(`cursor=${name}`)) && !/layout=/.test(url));
  }
  return pages;
}

test("pages lead through a folder in its order", async (t) => {
  t.deepEqual(await pagesFrom(s("many/")), ["00 01 02 03 04", "05 06 07 08 09", "10 11"]);
  t.deepEqual(await pagesFrom(`${s("many/")}?sort=size&order=desc`), ["11 10 09 08 07", "06 05 04 03 02", "01 00"]);
  t.deepEqual(await pagesFrom(`${s("many/")}?order=desc`), ["11 10 09 08 07", "06 05 04 03 02", "01 00"]);
});

test("large folders are sorted page by page", async (t) => {
  const listing = Object.create(project) as typeof project;
  // As if one call gave five entries.
  listing.listObjects = (bucket, options = {}) =>
    project.listObjects(bucket, { ...options, limit: options.limit === 1000 ? 5 : options.limit });
  const other = await startLinkTestServer({ pageEntries: 5 }, { project: listing });
  t.teardown(() => other.stop());
  const pages = await pagesFrom(`${s("many/")}?sort=size&order=desc`, other.get);
  t.deepEqual(pages, ["04 03 02 01 00", "09 08 07 06 05", "11 10"]);
});

test("keys that are no text are listed, and their links lead to them", async (t) => {
  const { text } = await server.get(s("raw/"));
  t.true(text.includes(`${s("raw/")}%FF%3C`));
  t.is((await server.get(raw("raw/%FF%3C"))).text, "bytes");
});

test("breadcrumbs link what the grant can list", async (t) => {
  const all = await server.get(s("pics/sub/"));
  t.true(all.text.includes(`href="${s("")}"`));
  t.true(all.text.includes(`href="${s("pics/")}"`));
  const permission = { allowDownload: true, allowList: true };
  const shared = serializeGrant(shareGrant(linkGrant(), permission, [{ bucket: "files", prefix: "pics/" }]));
  const part = await server.get(`/s/${shared}/files/pics/sub/`);
  t.is(part.status, 200);
  t.false(part.text.includes(`href="/s/${shared}/files/"`));
  t.true(part.text.includes(`href="/s/${shared}/files/pics/"`));
});

test("a folder comes as a zip archive", async (t) => {
  const reply = await server.get(`${s("tree/")}?download=1&download-kind=zip`);
  t.is(reply.status, 200);
  t.is(reply.headers["content-type"], "application/zip");
  t.is(reply.headers["content-disposition"], "attachment; filename=tree.zip");
  const names = await zipNames(reply.body);
  t.true(names.includes("one"));
  t.true(names.includes("deep/two"));
  t.true(names.includes("slash"));
  t.is(names.length, 6);
  for (const name of names) t.notRegex(name, /(^|\/)\.\.?(\/|$)|\\|^\/|:/, name);
});

async function zipNames(bytes: Buffer): Promise<string[]> {
  const zip = await fromBufferPromise(bytes, { lazyEntries: true });
  const names: string[] = [];
  for await (const entry of zip.eachEntry()) names.push(entry.fileName);
  return names;
}

test("a folder comes as a tar.gz archive", async (t) => {
  const reply = await server.get(`${raw("tree/")}?download-kind=tar.gz`);
  t.is(reply.headers["content-disposition"], "attachment; filename=tree.tar.gz");
  const bodies = new Map<string, string>();
  const reader = extract();
  reader.end(gunzipSync(reply.body));
  for await (const entry of reader) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    bodies.set(entry.header.name, Buffer.concat(parts).toString());
    if (entry.header.type !== "directory") t.is(entry.header.mode, 0o600);
  }
  t.is(bodies.get("one"), "1");
  t.is(bodies.get("deep/two"), "22");
});

test("archives: the whole bucket, nothing, too much, too many, unknown kinds, and where they are turned off", async (t) => {
  const bucket = await server.get(`${raw("")}?download-kind=zip`);
  t.is(bucket.headers["content-disposition"], "attachment; filename=files.zip");
  t.is((await server.get(`${raw("nothing/")}?download-kind=zip`)).status, 404);
  t.is((await server.get(`${raw("tree/")}?download-kind=rar`)).status, 400);
  t.is((await server.get(`${s("tree/")}?download-kind=rar`)).status, 200);
  const strict = await startLinkTestServer({ zipEntries: 3 }, { project });
  const off = await startLinkTestServer({ folderDownloads: false }, { project });
  t.teardown(() => Promise.all([strict.stop(), off.stop()]));
  const names = await zipNames((await strict.get(`${raw("many/")}?download-kind=zip`)).body);
  t.deepEqual(names, ["00", "01", "02", "TRUNCATED.txt"]);
  const page = await off.get(`${raw("tree/")}?download-kind=zip`);
  t.is(page.headers["content-type"], "text/html; charset=utf-8");
  t.false(page.text.includes("download-kind"));
});

test("HEAD of an archive makes none", async (t) => {
  const reply = await server.get(`${raw("tree/")}?download-kind=zip`, { method: "HEAD" });
  t.deepEqual([reply.status, reply.text], [200, ""]);
});

test("images have small images", async (t) => {
  const { text } = await server.get(`${s("img/")}?layout=grid`);
  const url = `${raw("img/a.png")}?thumbnail=1`;
  t.true(text.includes(url));
  const reply = await server.get(url);
  t.is(reply.headers["content-type"], "image/webp");
  const { width = 0 } = await sharp(reply.body).metadata();
  t.true(width > 0 && width < 900);
  const again = await server.get(url, { headers: { "If-None-Match": reply.headers.etag! } });
  t.is(again.status, 304);
  t.is((await server.get(`${raw("img/broken.png")}?thumbnail=1`)).status, 404);
  t.is((await server.get(`${raw("img/empty.png")}?thumbnail=1`)).status, 404);
  t.is((await server.get(`${raw("img/nothing.png")}?thumbnail=1`)).status, 404);
  const off = await startLinkTestServer({ thumbnails: false }, { project });
  t.teardown(() => off.stop());
  t.is((await off.get(url)).headers["content-type"], "image/png");
});
