import { gunzipSync } from "node:zlib";
import test from "ava";
import { ZipFile } from "yazl";
import { linkKeys, startLinkTestServer } from "../../helpers/link-server.js";

const server = await startLinkTestServer();
const { project } = server;
await project.createBucket("files");
const body = Buffer.from("hello ".repeat(1000));
const zip = new ZipFile();
zip.addBuffer(body, "dir/long.txt");
zip.addBuffer(Buffer.from("<script>alert(1)</script>"), "page.html");
zip.addBuffer(Buffer.from("stored"), "stored.bin", { compress: false });
zip.addBuffer(Buffer.from("x"), '<img src=x onerror="alert(1)">.txt');
zip.addEmptyDirectory("empty");
zip.end();
const parts: Buffer[] = [];
for await (const part of zip.outputStream) parts.push(part as Buffer);
const custom = { "content-type": "application/zip" };
await project.putObject("files", "a.zip", [Buffer.concat(parts)], { custom });
await project.putObject("files", "broken.zip", [Buffer.from("PK no zip")], { custom });
const raw = (query: string, key = "a.zip") => `/raw/${linkKeys.public}/files/${key}?${query}`;
const s = (query: string, key = "a.zip") => `/s/${linkKeys.public}/files/${key}?${query}`;
const identity = { "Accept-Encoding": "identity" };
test.after.always(() => server.stop());

test("an archive lists its files, sorted and escaped", async (t) => {
  const { status, text } = await server.get(s("path=/"));
  t.is(status, 200);
  t.true(text.includes("long.txt"));
  t.true(text.includes("path=dir%2Flong.txt"));
  t.false(text.includes("<img src=x"));
  t.true(text.includes("path=%3Cimg%20src%3Dx%20onerror%3D%22alert%281%29%22%3E.txt"));
  t.true(text.indexOf("page.html") < text.indexOf("stored.bin"));
});

test("files come out of an archive with types of their own", async (t) => {
  const long = await server.get(raw("path=dir/long.txt"), { headers: identity });
  t.is(long.status, 200);
  t.true(long.body.equals(body));
  t.is(long.headers["content-length"], String(body.length));
  t.is(long.headers["content-type"], "text/plain; charset=utf-8");
  t.is(long.headers["content-disposition"], "attachment; filename=long.txt");
  t.regex(String(long.headers["content-security-policy"]), /^sandbox/);
  const page = await server.get(raw("path=page.html"), { headers: identity });
  t.is(page.headers["content-type"], "text/plain");
  t.is((await server.get(raw("path=stored.bin"))).text, "stored");
});

test("clients that unpack by themselves get what is in the archive as it is", async (t) => {
  const long = await server.get(raw("path=dir/long.txt"), { headers: { "Accept-Encoding": "gzip" } });
  t.is(long.headers["content-encoding"], "gzip");
  t.is(Number(long.headers["content-length"]), long.body.length);
  t.true(long.body.length < 200);
  t.true(gunzipSync(long.body).equals(body));
  const stored = await server.get(raw("path=stored.bin"), { headers: { "Accept-Encoding": "gzip" } });
  t.is(stored.headers["content-encoding"], undefined);
});

test("what can not be given has its status", async (t) => {
  const rows: readonly [target: string, status: number, headers?: Record<string, string>][] = [
    [raw("path=nothing"), 415],
    [raw("path=dir/"), 415],
    [raw("path=../a.zip"), 415],
    [raw("path=dir/long.txt", "broken.zip"), 415],
    [s("path=/", "broken.zip"), 415],
    [raw("path=dir/long.txt"), 416, { Range: "bytes=0-1" }],
    [raw("path=dir/long.txt"), 415, { "Accept-Encoding": "identity;q=0" }],
    [raw("path=dir/long.txt"), 415, { "Accept-Encoding": "br, *;q=0" }],
    [raw("path=dir/long.txt"), 200, { "Accept-Encoding": "br, *" }],
    [raw("path=dir/long.txt"), 200, { "Accept-Encoding": "br" }],
    [raw("path=x", "nothing.zip"), 404],
    [s("path=nothing"), 404],
    [s("path=page.html"), 200],
    [raw("path="), 200],
  ];
  for (const [target, status, headers = {}] of rows) {
    t.is((await server.get(target, { headers })).status, status, `${target} ${JSON.stringify(headers)}`);
  }
  const refused = await server.get(raw("path=page.html"), { headers: { "Accept-Encoding": "identity;q=0" } });
  t.is(refused.headers["accept-encoding"], "gzip, identity, *;q=0");
});

test("a file of an archive has a page, on which nothing of it runs", async (t) => {
  const { text } = await server.get(s("path=page.html"));
  t.false(text.includes("<script>alert"));
  t.true(text.includes("page.html"));
});
