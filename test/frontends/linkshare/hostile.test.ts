import { connect } from "node:net";
import test from "ava";
import { deferred } from "../../helpers/deferred.js";
import { linkKeys, startLinkTestServer } from "../../helpers/link-server.js";
import { exchange } from "../../helpers/s3-request.js";

const server = await startLinkTestServer();
const { project } = server;
await project.createBucket("files");
const script = "<script>alert(1)</script>";
const keys = [
  script,
  '"><img src=x onerror=alert(1)>.png',
  "javascript:alert(1)",
  "' onmouseover='alert(1)",
  "a/../../b",
  "..",
  "../x",
  "./y",
  "//evil.test/z",
  "a//b",
  "nul\0key",
  "line\r\nSet-Cookie: x=1",
  "tab\tkey",
  "%2e%2e%2f",
  "über?#&=+;",
  "\u202egnp.exe",
  "x".repeat(1000),
];
for (const key of keys) await project.putObject("files", key, [Buffer.from(`body of ${key}`)]);
await project.putObject("files", "secret", [Buffer.from("secret")]);
test.after.always(() => server.stop());
const base = `/${linkKeys.public}/files/`;

test("every key can be opened by the link that its folder shows, as browsers send it", async (t) => {
  const seen = new Map<string, string>();
  const queue = [`/s${base}`];
  for (let target = queue.pop(); target !== undefined; target = queue.pop()) {
    const { text, status } = await server.get(target);
    t.is(status, 200, target);
    for (const [, href] of text.matchAll(/href="([^"]*)"/g)) {
      // Browsers normalise paths before they send them.
      const url = new URL(href!.replaceAll("&amp;", "&"), server.url);
      if (url.search !== "" || !url.pathname.startsWith(`/s/${linkKeys.public}/files`) || seen.has(url.pathname))
        continue;
      seen.set(url.pathname, href!);
      if (/(?:\/|%2F)$/.test(url.pathname)) queue.push(url.pathname);
      else {
        const raw = await server.get(url.pathname.replace("/s/", "/raw/"));
        t.is(raw.status, 200, url.pathname);
        seen.set(url.pathname, raw.text);
      }
    }
  }
  const bodies = [...seen.values()];
  // A path can not end in a component that browsers take away, but for what stands in front of it.
  for (const key of keys) t.true(bodies.includes(`body of ${key}`), JSON.stringify(key));
});

test("no page has markup of a key, and no header a line of one", async (t) => {
  for (const key of keys) {
    const path = base + encodeURIComponent(key);
    for (const target of [`/s${path}`, `/raw${path}`, `/raw${path}?download`, `/s${path}?map`, `/s${path}-missing`]) {
      const reply = await server.get(target);
      t.true([200, 404].includes(reply.status), target);
      t.is(reply.headers["set-cookie"], undefined, target);
      if (String(reply.headers["content-type"]).startsWith("text/html")) {
        // What is between quotes can end there only.
        const tags = reply.text.replace(/="[^"]*"/g, "");
        t.notRegex(tags, /<script>|<img src=x|<[^>]* on[a-z]+=/, target);
        t.notRegex(reply.text, /href="\s*javascript:/i, target);
        t.regex(String(reply.headers["content-security-policy"]), /default-src 'none'.*script-src 'self'/, target);
      }
    }
  }
});

test("paths that point upwards are keys, and no way out of what is shared", async (t) => {
  for (const path of [
    "../secret",
    "../../secret",
    "%2e%2e/secret",
    "..%2fsecret",
    "..%5csecret",
    "./secret",
    "/secret",
  ]) {
    t.not((await server.get(`/raw${base}${path}`)).text, "secret", path);
  }
  t.is((await server.get(`/static/..%2f..%2fpackage.json`)).status, 404);
  t.is((await server.get(`/static/%00`)).status, 404);
});

test("metadata can not write headers", async (t) => {
  const custom = {
    "content-type": "text/x\r\nSet-Cookie: a=1",
    "cache-control": "no-cache\nX-Evil: 1",
    "content-encoding": "x\0y",
    "x-evil": "1",
  };
  await project.putObject("files", "meta", [Buffer.from("m")], { custom, etag: Buffer.from('a"\r\nX-Evil: 1') });
  const reply = await server.get(`/raw${base}meta`);
  t.is(reply.status, 200);
  t.is(reply.headers["content-type"], "application/octet-stream");
  for (const name of ["set-cookie", "x-evil", "cache-control", "content-encoding"])
    t.is(reply.headers[name], undefined);
  t.regex(String(reply.headers.etag), /^"[0-9a-f]{32}-0"$/);
});

test("content never runs on our own host", async (t) => {
  const custom = { "content-type": "text/html" };
  for (const [key, type] of [
    ["page.html", "text/html"],
    ["page.svg", "image/svg+xml"],
    ["page.xml", "text/xml"],
    ["page.js", "text/javascript"],
    ["page.md", "text/markdown"],
  ]) {
    await project.putObject("files", key!, [Buffer.from(script)], { custom: { ...custom, "content-type": type! } });
    const raw = await server.get(`/raw${base}${key}`);
    t.notRegex(String(raw.headers["content-type"]), /html/, key);
    t.regex(String(raw.headers["content-security-policy"]), /^sandbox; default-src 'none'/, key);
    t.is(raw.headers["x-content-type-options"], "nosniff", key);
    t.regex(String(raw.headers["content-disposition"]), /^attachment/, key);
    const page = await server.get(`/s${base}${key}`);
    t.false(page.text.includes(script), key);
  }
});

test("no reply of ours gives the key away to other sites", async (t) => {
  for (const target of [
    `/s${base}`,
    `/s${base}secret`,
    `/raw${base}secret`,
    `/s${base}missing`,
    `/s/${linkKeys.unknown}/a/b`,
    `/s/${linkKeys.public}/files`,
    `/raw${base}?download-kind=zip`,
    `/s${base}secret?map`,
  ]) {
    t.is((await server.get(target)).headers["referrer-policy"], "no-referrer", target);
  }
});

test("what is no HTTP, or too much of it, is refused", async (t) => {
  t.regex(await exchange(server.url, "nonsense\r\n\r\n"), /^HTTP\/1\.1 400 /);
  const long = "a".repeat(20_000);
  t.regex(await exchange(server.url, `GET /s/${long} HTTP/1.1\r\nHost: x\r\n\r\n`), /^HTTP\/1\.1 431 /);
  t.regex(await exchange(server.url, "GET / HTTP/1.1\r\nHost: a/b\r\nConnection: close\r\n\r\n"), /^HTTP\/1\.1 400 /);
  t.regex(
    await exchange(
      server.url,
      "GET http://any.test/health/process HTTP/1.1\r\nHost: any.test\r\nConnection: close\r\n\r\n",
    ),
    /^HTTP\/1\.1 200 /,
  );
  t.regex(
    await exchange(server.url, "GET /\xe9 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    /^HTTP\/1\.1 (308|400) /,
  );
});

test("a reader that goes away closes what is read", async (t) => {
  let closed: (() => void) | undefined;
  const left = new Promise<void>((resolve) => {
    closed = resolve;
  });
  const slow = Object.create(project) as typeof project;
  slow.getObject = async (...args) => {
    const download = await project.getObject(...args);
    async function* endless(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield Buffer.alloc(64 * 1024);
      } finally {
        closed?.();
      }
    }
    return { ...download, info: { ...download.info, size: 2 ** 40 }, length: 2 ** 40, body: endless() };
  };
  const other = await startLinkTestServer({}, { project: slow });
  t.teardown(() => other.stop());
  const { hostname, port } = new URL(other.url);
  const socket = connect(Number(port), hostname, () => {
    socket.write(`GET /raw${base}secret HTTP/1.1\r\nHost: x\r\n\r\n`);
    socket.once("data", () => socket.destroy());
  });
  await left;
  t.pass();
});

for (const [options, status] of [
  [{ maxRequestsPerProject: 1 }, 429],
  [{ maxRequestsPerClient: 1 }, 429],
  [{ maxRequests: 1 }, 503],
] as const) {
  test(`requests beyond ${Object.keys(options)[0]} are refused with ${status}`, async (t) => {
    const holding = deferred<void>();
    const inside = deferred<void>();
    const slow = Object.create(project) as typeof project;
    slow.headObject = async (...args) => {
      inside.resolve();
      await holding.promise;
      return project.headObject(...args);
    };
    const other = await startLinkTestServer(options, { project: slow });
    t.teardown(() => other.stop());
    const first = other.get(`/s${base}secret`);
    await inside.promise;
    const second = await other.get(`/s${base}secret`);
    t.is(second.status, status);
    t.truthy(second.headers["retry-after"]);
    if (status === 429) t.is(second.text, "429 Too Many Requests\n");
    holding.resolve();
    t.is((await first).status, 200);
    t.is((await other.get(`/s${base}secret`)).status, 200);
  });
}

test("a reply that does not begin in time is given up", async (t) => {
  const slow = Object.create(project) as typeof project;
  slow.headObject = (_bucket, _key, { signal } = {}) =>
    new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
  const other = await startLinkTestServer({ replyMs: 30 }, { project: slow });
  t.teardown(() => other.stop());
  t.is((await other.get(`/s${base}secret`)).status, 503);
});
