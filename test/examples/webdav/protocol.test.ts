import { createHash } from "node:crypto";
import test, { type ExecutionContext } from "ava";
import { startForTest } from "postern/testing";
import { frontend } from "../../../examples/webdav/index.js";
import { basicAuth } from "../../helpers/basic-auth.js";

type Headers = Record<string, string>;

async function server(t: ExecutionContext, options: Parameters<typeof frontend.create>[0] = {}) {
  const running = await startForTest(frontend, { port: 0, ...options });
  t.teardown(() => running.stop());
  const { project } = running;
  const ask = async (method: string, path: string, headers: Headers = {}, body?: string) => {
    const reply = await fetch(running.addresses["http"] + path, {
      method,
      body,
      headers: { authorization: basicAuth(running.credentials), ...headers },
    });
    return { status: reply.status, headers: reply.headers, text: await reply.text() };
  };
  const status = async (...args: Parameters<typeof ask>) => (await ask(...args)).status;
  const keys = async () => {
    const { entries } = await project.listObjects("suite");
    return entries.map((entry) => (entry.kind === "object" ? entry.object.key : entry.prefix));
  };
  const to = (path: string, more: Headers = {}) => ({ destination: running.addresses["http"] + path, ...more });
  return { ask, status, keys, to, project, running };
}

const hrefs = (xml: string) => [...xml.matchAll(/<D:response><D:href>([^<]*)</g)].map(([, href]) => href);

test("OPTIONS tells the class and methods, without credentials", async (t) => {
  const { ask } = await server(t);
  const reply = await ask("OPTIONS", "/", { authorization: "" });
  t.is(reply.status, 200);
  t.is(reply.headers.get("dav"), "1, 2");
  t.regex(reply.headers.get("allow")!, /PROPFIND.*LOCK/);
  const readOnly = await (await server(t, { readOnly: true })).ask("OPTIONS", "/");
  t.is(readOnly.headers.get("dav"), "1");
  t.notRegex(readOnly.headers.get("allow")!, /PUT/);
});

test("nobody gets in without credentials", async (t) => {
  const { ask } = await server(t);
  for (const authorization of ["", "Basic ", "Basic !!", "Bearer x", `Basic ${btoa("nocolon")}`]) {
    const reply = await ask("GET", "/", { authorization });
    t.is(reply.status, 401, authorization);
    t.regex(reply.headers.get("www-authenticate")!, /^Basic realm=/);
  }
});

test("files: PUT, GET with ranges and conditions, HEAD, DELETE", async (t) => {
  const { ask, status, project } = await server(t);
  const put = await ask("PUT", "/suite/f%C3%BC%20r", { "content-type": "text/x" }, "0123456789");
  t.is(put.status, 201);
  const etag = `"${createHash("md5").update("0123456789").digest("hex")}"`;
  t.is(put.headers.get("etag"), etag);
  t.like(await project.headObject("suite", "fü r"), { size: 10, custom: { "content-type": "text/x" } });
  const path = "/suite/f%C3%BC%20r";
  const got = await ask("GET", path);
  t.is(got.text, "0123456789");
  t.is(got.headers.get("content-type"), "text/x");
  const ranges: [string, number, string, string?][] = [
    ["bytes=2-4", 206, "234", "bytes 2-4/10"],
    ["bytes=8-", 206, "89", "bytes 8-9/10"],
    ["bytes=-3", 206, "789", "bytes 7-9/10"],
    ["bytes=5-99", 206, "56789", "bytes 5-9/10"],
    ["bytes=10-", 416, "", "bytes */10"],
    ["bytes=-0", 416, "", "bytes */10"],
    ["bytes=4-2", 200, "0123456789"],
    ["bytes=0-1,3-4", 200, "0123456789"],
    ["lines=1-2", 200, "0123456789"],
  ];
  for (const [range, code, text, where] of ranges) {
    const reply = await ask("GET", path, { range });
    t.is(reply.status, code, range);
    if (code !== 416) t.is(reply.text, text, range);
    t.is(reply.headers.get("content-range"), where ?? null, range);
  }
  t.is((await ask("GET", path, { range: "bytes=1-2", "if-range": '"other"' })).status, 200);
  t.is(await status("GET", path, { "if-none-match": etag }), 304);
  t.is(await status("GET", path, { "if-match": '"x"' }), 412);
  t.is(await status("GET", path, { "if-modified-since": new Date(Date.now() + 5_000).toUTCString() }), 304);
  t.is(await status("GET", path, { "if-unmodified-since": new Date(0).toUTCString() }), 412);
  t.is((await ask("HEAD", path)).headers.get("content-length"), "10");

  t.is(await status("PUT", path, { "if-none-match": "*" }, "x"), 412);
  t.is(await status("PUT", path, { "if-match": '"x"' }, "x"), 412);
  t.is(await status("PUT", path, { "if-match": etag }, "new"), 204);
  t.is(await status("PUT", path, { "content-range": "bytes 0-1/2" }, "xx"), 400);
  t.is(await status("PUT", "/suite/none/f", {}, "x"), 409);
  t.is(await status("PUT", "/nobucket/f", {}, "x"), 409);
  t.is(await status("PUT", "/suite", {}, "x"), 405);
  t.is(await status("DELETE", path), 204);
  t.is(await status("DELETE", path), 404);
  t.is(await status("GET", path), 404);
  t.is(await status("PATCH", path), 405);
  t.is(await status("GET", "/suite/%zz"), 400);
  t.is(await status("GET", "/suite//x"), 400);
});

test("collections: MKCOL, PROPFIND of depth 0 and 1, DELETE", async (t) => {
  const { ask, status, keys } = await server(t);
  t.is(await status("MKCOL", "/suite/a"), 201);
  t.is(await status("MKCOL", "/suite/a"), 405);
  t.is(await status("MKCOL", "/suite/x/y"), 409);
  t.is(await status("MKCOL", "/suite/b", {}, "<x/>"), 415);
  t.is(await status("MKCOL", "/suite/b", {}, "not xml"), 415);
  t.is(await status("MKCOL", "/suite"), 405);
  t.is(await status("MKCOL", "/more-buckets"), 201);
  t.is(await status("PUT", "/suite/a/f", {}, "1"), 201);
  t.is(await status("PUT", "/suite/a", {}, "1"), 405);
  t.is(await status("MKCOL", "/suite/a/f"), 405);
  t.deepEqual(await keys(), ["a/", "a/f"]);

  const find = async (path: string, depth: string, body?: string) => await ask("PROPFIND", path, { depth }, body);
  t.deepEqual(hrefs((await find("/", "1")).text), ["/", "/more-buckets/", "/suite/"]);
  t.deepEqual(hrefs((await find("/suite/", "1")).text), ["/suite/", "/suite/a/"]);
  t.deepEqual(hrefs((await find("/suite/a", "1")).text), ["/suite/a/", "/suite/a/f"]);
  t.deepEqual(hrefs((await find("/suite/a", "0")).text), ["/suite/a/"]);
  t.is((await find("/suite/none", "0")).status, 404);
  const infinite = await find("/suite", "infinity");
  t.is(infinite.status, 403);
  t.regex(infinite.text, /propfind-finite-depth/);

  const some = '<propfind xmlns="DAV:"><prop><getcontentlength/><a xmlns="urn:x"/></prop></propfind>';
  const { text } = await find("/suite/a/f", "0", some);
  t.regex(text, /<D:prop><D:getcontentlength>1<\/D:getcontentlength><\/D:prop><D:status>HTTP\/1.1 200 OK/);
  t.regex(text, /<x:a xmlns:x="urn:x"\/><\/D:prop><D:status>HTTP\/1.1 404 Not Found/);
  const names = await find("/suite/a/f", "0", '<D:propfind xmlns:D="DAV:"><D:propname/></D:propfind>');
  t.regex(names.text, /<D:getetag\/>/);
  t.is((await find("/suite/a/f", "0", "<propfind/>")).status, 400);
  t.is((await find("/suite/a/f", "0", '<!DOCTYPE a [<!ENTITY b "c">]><a/>')).status, 400);
  t.is((await find("/suite/a/f", "0", "<")).status, 400);
  t.is((await find("/suite/a/f", "0", `<D:propfind xmlns:D="DAV:">${"<a>".repeat(500)}`)).status, 400);

  t.regex((await ask("GET", "/suite/a/")).text, /<a href="\.\/f">f<\/a>/);
  t.is(await status("DELETE", "/suite/a"), 204);
  t.deepEqual(await keys(), []);
  t.is(await status("DELETE", "/more-buckets"), 204);
  t.is(await status("DELETE", "/more-buckets"), 404);
  t.is(await status("DELETE", "/"), 403);
});

test("a folder of more keys than a page has is listed to its end", async (t) => {
  const { ask, project } = await server(t);
  for (let i = 0; i < 1_003; i++) await project.putObject("suite", `many/${i}`, []);
  t.is(hrefs((await ask("PROPFIND", "/suite/many", { depth: "1" })).text).length, 1_004);
});

test("COPY and MOVE of files and folders", async (t) => {
  const { status, keys, to, project, ask } = await server(t);
  await status("MKCOL", "/suite/a");
  await status("PUT", "/suite/a/f", {}, "1");
  await status("PUT", "/suite/a/g", {}, "2");
  t.is(await status("COPY", "/suite/a/f", to("/suite/h")), 201);
  t.is(await status("COPY", "/suite/a/g", to("/suite/h", { overwrite: "F" })), 412);
  t.is(await status("COPY", "/suite/a/g", to("/suite/h")), 204);
  t.is((await ask("GET", "/suite/h")).text, "2");
  t.is(await status("COPY", "/suite/a", to("/suite/b")), 201);
  t.deepEqual(await keys(), ["a/", "a/f", "a/g", "b/", "b/f", "b/g", "h"]);
  t.is(await status("MOVE", "/suite/b", to("/suite/c/d")), 409);
  t.is(await status("MOVE", "/suite/b", to("/suite/c")), 201);
  t.is(await status("COPY", "/suite/a", to("/suite/e", { depth: "0" })), 201);
  t.deepEqual(await keys(), ["a/", "a/f", "a/g", "c/", "c/f", "c/g", "e/", "h"]);
  t.is(await status("MOVE", "/suite/h", to("/suite/c")), 204);
  t.deepEqual(await keys(), ["a/", "a/f", "a/g", "c", "e/"]);
  t.is(await status("MOVE", "/suite/a", to("/suite/c")), 204);
  t.deepEqual(await keys(), ["c/", "c/f", "c/g", "e/"]);
  t.is(await status("MOVE", "/suite/c", to("/suite/c/x")), 403);
  t.is(await status("COPY", "/suite/c", to("/suite/c")), 403);
  t.is(await status("COPY", "/suite/none", to("/suite/x")), 404);
  t.is(await status("COPY", "/suite/c/f", { destination: "http://elsewhere.example/suite/x" }), 502);
  t.is(await status("COPY", "/suite/c/f"), 400);
  t.is(await status("MOVE", "/suite", to("/moved")), 201);
  await t.throwsAsync(project.headBucket("suite"), { code: "bucket-not-found" });
  t.is((await ask("GET", "/moved/c/f")).text, "1");
});

test("PROPPATCH keeps what clients make up, and refuses the server's own", async (t) => {
  const { ask, status, project } = await server(t);
  await ask("PUT", "/suite/f", {}, "x");
  const patch = (inner: string) =>
    ask("PROPPATCH", "/suite/f", {}, `<D:propertyupdate xmlns:D="DAV:" xmlns:z="urn:z">${inner}</D:propertyupdate>`);
  const set = await patch("<D:set><D:prop><z:a>1 &lt; <z:b/></z:a><z:c>2</z:c></D:prop></D:set>");
  t.is(set.status, 207);
  t.regex(set.text, /200 OK/);
  const before = await project.headObject("suite", "f");
  t.is(
    (await ask("PROPFIND", "/suite/f", { depth: "0" })).headers.get("content-type"),
    "application/xml; charset=utf-8",
  );
  t.regex(
    (await ask("PROPFIND", "/suite/f", { depth: "0" })).text,
    /<x:a xmlns:x="urn:z">1 &lt; <x:b xmlns:x="urn:z"\/>/,
  );
  await patch("<D:remove><D:prop><z:a/></D:prop></D:remove>");
  const { text } = await ask("PROPFIND", "/suite/f", { depth: "0" });
  t.notRegex(text, /x:a/);
  t.regex(text, /<x:c xmlns:x="urn:z">2<\/x:c>/);
  t.deepEqual((await project.headObject("suite", "f")).etag, before.etag);
  await patch("<D:set><D:prop><z:c>&#65536;&#x41;&amp;#65;&quot;</z:c></D:prop></D:set>");
  t.regex((await ask("PROPFIND", "/suite/f", { depth: "0" })).text, />\u{10000}A&amp;#65;&quot;<\/x:c>/u);
  for (const bad of ["&nbsp;", "&#99999999;", "&", "&#;"]) {
    t.is((await patch(`<D:set><D:prop><z:c>${bad}</z:c></D:prop></D:set>`)).status, 400, bad);
  }
  const own = await patch("<D:set><D:prop><D:getetag>x</D:getetag><z:d>1</z:d></D:prop></D:set>");
  t.regex(own.text, /403 Forbidden.*424 Failed Dependency/);
  t.is((await patch(`<D:set><D:prop><z:e>${"x".repeat(3_000)}</z:e></D:prop></D:set>`)).status, 507);
  t.is(await status("PROPPATCH", "/suite/f", {}, "<x/>"), 400);
});

const lockInfo = (scope = "exclusive") =>
  `<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:${scope}/></D:lockscope><D:locktype><D:write/></D:locktype>` +
  "<D:owner><D:href>mailto:me@example.com</D:href></D:owner></D:lockinfo>";

test("locks keep others out until they are released", async (t) => {
  const { ask, status, to } = await server(t);
  await ask("PUT", "/suite/f", {}, "x");
  const taken = await ask("LOCK", "/suite/f", { timeout: "Second-100", depth: "0" }, lockInfo());
  t.is(taken.status, 200);
  const token = taken.headers.get("lock-token")!;
  t.regex(token, /^<urn:uuid:/);
  t.regex(taken.text, /<D:owner><D:href>mailto:me@example.com<\/D:href><\/D:owner><D:timeout>Second-100/);
  t.regex((await ask("PROPFIND", "/suite/f", { depth: "0" })).text, /<D:activelock>/);

  t.is(await status("LOCK", "/suite/f", {}, lockInfo()), 423);
  for (const method of ["PUT", "DELETE", "PROPPATCH"]) {
    const body = method === "PROPPATCH" ? '<D:propertyupdate xmlns:D="DAV:"/>' : method === "PUT" ? "y" : undefined;
    const reply = await ask(method, "/suite/f", {}, body);
    t.is(reply.status, 423, method);
    t.regex(reply.text, /lock-token-submitted/);
  }
  t.is(await status("MOVE", "/suite/f", to("/suite/g")), 423);
  t.is(await status("DELETE", "/suite"), 423);
  t.is(await status("PUT", "/suite/f", { if: `(${token})` }, "y"), 204);
  t.is(await status("PUT", "/suite/f", { if: "(<urn:uuid:other>)" }, "y"), 412);
  t.is(await status("PUT", "/suite/f", { if: `(Not <DAV:no-lock>) (${token})` }, "y"), 204);
  t.is(await status("PUT", "/suite/f", { if: "nonsense" }, "y"), 400);
  t.is(await status("LOCK", "/suite/f", { if: `(${token})`, timeout: "Second-5" }), 200);
  t.is(await status("UNLOCK", "/suite/f", { "lock-token": "<urn:uuid:other>" }), 409);
  t.is(await status("UNLOCK", "/suite/f", { "lock-token": token }), 204);
  t.is(await status("PUT", "/suite/f", {}, "z"), 204);
});

test("a locked collection locks what is in it; a lock makes a file; shared locks go together", async (t) => {
  const { ask, status, project } = await server(t);
  await ask("MKCOL", "/suite/a");
  const { headers } = await ask("LOCK", "/suite/a", {}, lockInfo());
  const token = headers.get("lock-token")!;
  t.is(await status("PUT", "/suite/a/f", {}, "x"), 423);
  t.is(await status("PUT", "/suite/a/f", { if: `<${"/suite/a"}> (${token})` }, "x"), 201);
  t.is(await status("LOCK", "/suite/new", { depth: "0" }, lockInfo("shared")), 201);
  t.is((await project.headObject("suite", "new")).size, 0);
  t.is(await status("LOCK", "/suite/new", { depth: "0" }, lockInfo("shared")), 200);
  t.is(await status("LOCK", "/suite/new", { depth: "0" }, lockInfo()), 423);
  t.is(await status("LOCK", "/suite/no/new", {}, lockInfo()), 409);
});

test("what S3 clients encrypted with keys of their own is not sent as noise", async (t) => {
  const { status, project } = await server(t);
  await project.putObject("suite", "sealed", [Buffer.from("x")], { custom: { "s3:sse-c": "x" } });
  t.is(await status("GET", "/suite/sealed"), 403);
});

test("nothing can be changed where the server is read-only", async (t) => {
  const { status, project } = await server(t, { readOnly: true });
  await project.putObject("suite", "f", [Buffer.from("x")]);
  t.is(await status("GET", "/suite/f"), 200);
  for (const method of ["PUT", "DELETE", "MKCOL", "LOCK", "MOVE"]) t.is(await status(method, "/suite/f"), 405);
});
