import test from "ava";
import { linkKeys, startLinkTestServer } from "../../helpers/link-server.js";

const server = await startLinkTestServer();
const { project } = server;
await project.createBucket("files");
const digits = Buffer.from("0123456789");
const put = (key: string, body: Uint8Array, custom: Record<string, string> = {}, etag?: string) =>
  project.putObject("files", key, [body], { custom, etag: etag === undefined ? undefined : Buffer.from(etag) });
await put("digits.bin", digits, {}, "781e5e245d69b566979b86e28d23f2c7");
await put("plain", digits);
await put("empty.txt", Buffer.alloc(0));
const raw = (key: string) => `/raw/${linkKeys.public}/files/${key}`;
const modified = (await server.get(raw("digits.bin"))).headers["last-modified"]!;
const earlier = new Date(Date.parse(modified) - 60_000).toUTCString();
test.after.always(() => server.stop());
const etag = '"781e5e245d69b566979b86e28d23f2c7"';

test("whole objects come with all that caches and players need", async (t) => {
  const reply = await server.get(raw("digits.bin"));
  t.is(reply.status, 200);
  t.is(reply.text, "0123456789");
  t.is(reply.headers["content-length"], "10");
  t.is(reply.headers["accept-ranges"], "bytes");
  t.is(reply.headers.etag, etag);
  t.is(reply.headers["x-content-type-options"], "nosniff");
  t.is(reply.headers["referrer-policy"], "no-referrer");
  t.is(reply.headers["x-robots-tag"], "noindex");
  t.regex(String(reply.headers["content-security-policy"]), /^sandbox;/);
});

test("ranges are those of Go's net/http", async (t) => {
  const rows: readonly [range: string, status: number, body: string | undefined, contentRange?: string][] = [
    ["bytes=0-3", 206, "0123", "bytes 0-3/10"],
    ["bytes=4-", 206, "456789", "bytes 4-9/10"],
    ["bytes=-3", 206, "789", "bytes 7-9/10"],
    ["bytes=-99", 206, "0123456789", "bytes 0-9/10"],
    ["bytes=8-99", 206, "89", "bytes 8-9/10"],
    ["bytes= 1-2 ,", 206, "12", "bytes 1-2/10"],
    ["bytes=0-9", 206, "0123456789", "bytes 0-9/10"],
    ["bytes=10-", 416, undefined, "bytes */10"],
    ["bytes=99-100", 416, undefined, "bytes */10"],
    ["bytes=-0", 416, undefined, "bytes */10"],
    ["bytes=5-4", 416, undefined, "bytes */10"],
    ["bytes=a-b", 416, undefined, "bytes */10"],
    ["items=0-1", 416, undefined, "bytes */10"],
    ["bytes=0-9,0-9", 200, "0123456789"],
    ["bytes=", 200, "0123456789"],
  ];
  for (const [range, status, body, contentRange] of rows) {
    for (const key of ["digits.bin", "plain"]) {
      const reply = await server.get(raw(key), { headers: { Range: range } });
      t.is(reply.status, status, range);
      t.is(reply.headers["content-range"], contentRange, range);
      if (body !== undefined) t.is(reply.text, body, range);
      if (body !== undefined) t.is(reply.headers["content-length"], String(body.length), range);
    }
  }
});

test("several ranges come in parts of the length that was announced", async (t) => {
  const reply = await server.get(raw("digits.bin"), { headers: { Range: "bytes=0-1, 5-6,-1" } });
  t.is(reply.status, 206);
  const boundary = /^multipart\/byteranges; boundary=(\w+)$/.exec(String(reply.headers["content-type"]))?.[1];
  t.truthy(boundary);
  t.is(Number(reply.headers["content-length"]), reply.body.length);
  const parts = [
    ["0-1", "01"],
    ["5-6", "56"],
    ["9-9", "9"],
  ].map(
    ([range, body]) =>
      `--${boundary}\r\nContent-Range: bytes ${range}/10\r\nContent-Type: application/octet-stream\r\n\r\n${body}\r\n`,
  );
  t.is(reply.text, `${parts.join("")}--${boundary}--\r\n`);
  const many = Array.from({ length: 40 }, () => "1-1").join(",");
  await put("hundred", Buffer.alloc(100));
  t.is((await server.get(raw("hundred"), { headers: { Range: `bytes=${many}` } })).status, 200);
});

test("conditions are those of RFC 9110", async (t) => {
  const rows: readonly [headers: Record<string, string>, status: number][] = [
    [{ "If-None-Match": etag }, 304],
    [{ "If-None-Match": `"other", W/${etag}` }, 304],
    [{ "If-None-Match": "*" }, 304],
    [{ "If-None-Match": '"other"' }, 200],
    [{ "If-None-Match": '"other"', "If-Modified-Since": modified }, 200],
    [{ "If-Modified-Since": modified }, 304],
    [{ "If-Modified-Since": earlier }, 200],
    [{ "If-Modified-Since": "yesterday" }, 200],
    [{ "If-Match": etag }, 200],
    [{ "If-Match": "*" }, 200],
    [{ "If-Match": `W/${etag}` }, 412],
    [{ "If-Match": '"other"' }, 412],
    [{ "If-Unmodified-Since": modified }, 200],
    [{ "If-Unmodified-Since": earlier }, 412],
    [{ "If-Unmodified-Since": earlier, "If-Match": etag }, 200],
    [{ Range: "bytes=0-1", "If-Range": etag }, 206],
    [{ Range: "bytes=0-1", "If-Range": '"other"' }, 200],
    [{ Range: "bytes=0-1", "If-Range": `W/${etag}` }, 200],
    [{ Range: "bytes=0-1", "If-Range": modified }, 206],
    [{ Range: "bytes=0-1", "If-Range": earlier }, 200],
    [{ Range: "bytes=99-", "If-None-Match": etag }, 304],
    [{ Range: "bytes=99-", "If-Match": '"other"' }, 412],
  ];
  for (const [headers, status] of rows) {
    for (const method of ["GET", "HEAD"]) {
      const reply = await server.get(raw("digits.bin"), { headers, method });
      t.is(reply.status, status, `${method} ${JSON.stringify(headers)}`);
      if (status === 304) t.is(reply.headers.etag, etag);
      if (status >= 300) t.is(reply.text, "");
    }
  }
});

test("who has what is there already costs no download", async (t) => {
  const asked: string[] = [];
  const watched = Object.create(project) as typeof project;
  watched.headObject = (...args) => {
    asked.push("head");
    return project.headObject(...args);
  };
  watched.getObject = (...args) => {
    asked.push("get");
    return project.getObject(...args);
  };
  const other = await startLinkTestServer({}, { project: watched });
  t.teardown(() => other.stop());
  const rows: readonly [headers: Record<string, string>, method: string, calls: string][] = [
    [{}, "GET", "get"],
    [{ Range: "bytes=0-1" }, "GET", "get"],
    [{ Range: "bytes=0-1,3-4" }, "GET", "head get get"],
    [{ "If-None-Match": etag }, "GET", "head"],
    [{ "If-None-Match": '"other"' }, "GET", "head get"],
    [{ "If-Range": etag, Range: "bytes=0-1" }, "GET", "head get"],
    [{}, "HEAD", "head"],
    [{ Range: "bytes=0-1" }, "HEAD", "head"],
  ];
  for (const [headers, method, calls] of rows) {
    asked.length = 0;
    await other.get(raw("digits.bin"), { headers, method });
    t.is(asked.join(" "), calls, JSON.stringify(headers));
  }
});

test("HEAD has the headers of GET and no body", async (t) => {
  for (const [key, range] of [
    ["digits.bin", undefined],
    ["digits.bin", "bytes=2-3"],
    ["plain", "bytes=-1"],
    ["empty.txt", undefined],
  ] as const) {
    const headers: Record<string, string> = range === undefined ? {} : { Range: range };
    const [get, head] = await Promise.all(["GET", "HEAD"].map((method) => server.get(raw(key), { method, headers })));
    t.is(head!.text, "");
    t.is(head!.status, get!.status);
    t.deepEqual({ ...head!.headers, date: "" }, { ...get!.headers, date: "" });
  }
});

test("empty objects have no ranges", async (t) => {
  const reply = await server.get(raw("empty.txt"), { headers: { Range: "bytes=0-1" } });
  t.is(reply.status, 200);
  t.is(reply.headers["content-length"], "0");
  t.is(reply.headers["accept-ranges"], undefined);
  t.is(reply.headers["content-type"], "text/plain; charset=utf-8");
});

test("types and dispositions are those of the Go service", async (t) => {
  const rows: readonly [key: string, custom: Record<string, string>, type: string, disposition: string | undefined][] =
    [
      ["a.png", {}, "image/png", undefined],
      ["a.PDF", {}, "application/pdf", undefined],
      ["a.svg", {}, "image/svg+xml", "attachment; filename=a.svg"],
      ["a.html", {}, "text/plain", "attachment; filename=a.html"],
      ["a.xhtml", { "content-type": "application/xhtml+xml" }, "text/plain", "attachment; filename=a.xhtml"],
      ["a.css", {}, "text/css; charset=utf-8", "attachment; filename=a.css"],
      ["a", {}, "application/octet-stream", "attachment; filename=a"],
      ["b.png", { "content-type": "binary/octet-stream" }, "image/png", undefined],
      ["c.png", { "content-type": "text/css" }, "text/css", "attachment; filename=c.png"],
      ["d.png", { "Content-Type": "image/gif", "content-type": "text/css" }, "image/gif", undefined],
      ["e.png", { "CONTENT-TYPE": "image/jpeg" }, "image/jpeg", undefined],
      ["a b.bin", {}, "application/octet-stream", 'attachment; filename="a b.bin"'],
      ['q"\\.zip', {}, "application/zip", 'attachment; filename="q\\"\\\\.zip"'],
      [
        "fünf %.txt",
        {},
        "text/plain; charset=utf-8",
        "attachment; filename=\"f_nf _.txt\"; filename*=utf-8''f%C3%BCnf%20%25.txt",
      ],
    ];
  for (const [key, custom, type, disposition] of rows) {
    await put(`types/${key}`, digits, custom);
    const reply = await server.get(raw(`types/${encodeURIComponent(key)}`));
    t.is(reply.headers["content-type"], type, key);
    t.is(reply.headers["content-disposition"], disposition, key);
    const asked = await server.get(`${raw(`types/${encodeURIComponent(key)}`)}?download`);
    t.regex(String(asked.headers["content-disposition"]), /^attachment; filename=/, key);
  }
  await put("types/x", digits, { "Cache-Control": "max-age=9", "content-encoding": "gzip" });
  const reply = await server.get(raw("types/x"));
  t.is(reply.headers["cache-control"], "max-age=9");
  t.is(reply.headers["content-encoding"], "gzip");
  const exact = await server.get(raw("types/b.png"), { headers: { "X-Content-Type-Options": "nosniff" } });
  t.is(exact.headers["content-type"], "binary/octet-stream");
});

test("options let content be shown, and HTML in a sandbox", async (t) => {
  const other = await startLinkTestServer({ rendersContent: true, viewsHtml: true }, { project });
  t.teardown(() => other.stop());
  await put("page.html", Buffer.from("<script>alert(1)</script>"));
  const reply = await other.get(raw("page.html"));
  t.is(reply.headers["content-type"], "text/html; charset=utf-8");
  t.is(reply.headers["content-disposition"], undefined);
  const policy = String(reply.headers["content-security-policy"]);
  t.regex(policy, /^sandbox /);
  t.false(policy.includes("allow-same-origin"));
});

test("PDF files are in no sandbox, as browsers would not show them there", async (t) => {
  await put("a.pdf", Buffer.from("%PDF-"));
  t.is((await server.get(raw("a.pdf"))).headers["content-security-policy"], undefined);
});

test("flags decide between page, bytes and attachment", async (t) => {
  const s = `/s/${linkKeys.public}/files/digits.bin`;
  const rows: readonly [target: string, is: "page" | "bytes"][] = [
    [s, "page"],
    [`${s}?wrap=0`, "bytes"],
    [`${s}?wrap=No`, "bytes"],
    [`${s}?wrap=off`, "bytes"],
    [`${s}?wrap=anything`, "page"],
    [`${s}?view`, "bytes"],
    [`${s}?view=false`, "page"],
    [`${s}?view&wrap`, "page"],
    [`${s}?download`, "bytes"],
    [`${s}?download=0`, "page"],
    [`${s}?download&wrap=1`, "bytes"],
    [raw("digits.bin"), "bytes"],
    [`${raw("digits.bin")}?wrap`, "page"],
    [`${raw("digits.bin")}?wrap=0&wrap=1`, "bytes"],
    [`${raw("digits.bin")}?view=0`, "page"],
  ];
  for (const [target, is] of rows) {
    const reply = await server.get(target);
    t.is(reply.text === "0123456789" ? "bytes" : "page", is, target);
    if (is === "page") t.true(reply.text.startsWith("<!doctype html>"), target);
  }
  const map = await server.get(`${s}?map&width=500`);
  t.is(map.headers["content-type"], "image/svg+xml");
  t.true(map.text.includes('width="500" height="250"'));
});
