import test from "ava";
import { healthReply } from "../../../frontends/linkshare/own-host.js";
import { type LinkReply, linkKeys, startLinkTestServer } from "../../helpers/link-server.js";

const server = await startLinkTestServer();
test.after.always(() => server.stop());
await server.project.createBucket("files");
for (const [key, body] of [
  ["hello.txt", "hello, world"],
  ["docs/index.html", "<h1>index</h1>"],
  ["docs/a b.md", "# title"],
  ["plain/one", "1"],
  ["plain/deep/two", "22"],
  ["plain/.file_placeholder", ""],
  ["ends/", "with a slash"],
  ["empty/", ""],
  ["empty/x", "x"],
] as const) {
  await server.project.putObject("files", key, [Buffer.from(body)]);
}

const open = linkKeys.public;
const isPage = (reply: LinkReply) =>
  /^text\/html/.test(String(reply.headers["content-type"])) && reply.text.startsWith("<!");

test("each way to ask has its status", async (t) => {
  const rows: readonly [target: string, status: number, init?: { method?: string }][] = [
    ["/", 200],
    ["/health/process", 200],
    ["/static/page.css", 200],
    ["/static/nothing", 404],
    ["/static/../../package.json", 404],
    ["/s/", 400],
    ["/raw/", 400],
    [`/s/${open}`, 400],
    [`/s/${open}/`, 400],
    [`/raw/${open}/`, 400],
    [`/s/${open}/%ff`, 400],
    ["/s/%zz", 400],
    [`/s/${open}/files`, 303],
    [`/s/${open}/files/`, 200],
    [`/s/${open}/files/hello.txt`, 200],
    [`/raw/${open}/files/hello.txt`, 200],
    [`/s/${open}/files/missing`, 404],
    [`/raw/${open}/files/missing`, 404],
    [`/s/${open}/nothing/`, 404],
    [`/raw/${open}/nothing/key`, 404],
    [`/s/${open}/files/plain`, 303],
    [`/raw/${open}/files/docs`, 303],
    [`/s/${open}/files/plain/`, 200],
    [`/raw/${open}/files/ends/`, 200],
    [`/s/${open}/files/hello.txt`, 200, { method: "HEAD" }],
    [`/raw/${open}/files/hello.txt`, 200, { method: "HEAD" }],
    [`/raw/${open}/files/hello.txt`, 200, { method: "OPTIONS" }],
    [`/raw/${open}/files/hello.txt`, 405, { method: "POST" }],
    [`/raw/${open}/files/hello.txt`, 405, { method: "DELETE" }],
    [`/s/${linkKeys.unknown}/files/hello.txt`, 401],
    [`/s/${linkKeys.revoked}/files/hello.txt`, 401],
    [`/s/${linkKeys.private}/files/hello.txt`, 403],
    [`/s/${linkKeys.broken}/files/hello.txt`, 400],
    [`/raw/${server.grant}/files/hello.txt`, 200],
    [`/raw/${server.grant.slice(0, -1)}/files/hello.txt`, 401],
    [`/raw/${"z".repeat(5000)}/files/hello.txt`, 400],
  ];
  for (const [target, status, init] of rows) {
    const reply = await server.get(target, init);
    t.is(reply.status, status, target);
    if (init?.method !== "POST" || status !== 405) t.is(reply.headers["access-control-allow-origin"], "*", target);
    if (status >= 400 && status !== 405 && init?.method !== "HEAD") t.true(isPage(reply), target);
  }
});

test("HEAD of what is wrong has the headers of GET", async (t) => {
  for (const target of [`/s/${open}/files/missing`, `/s/${linkKeys.unknown}/files/`, `/s/${open}/files/`]) {
    const [get, head] = await Promise.all(["GET", "HEAD"].map((method) => server.get(target, { method })));
    t.deepEqual({ ...head!.headers, date: "" }, { ...get!.headers, date: "" }, target);
    t.is(head!.text, "");
  }
});

test("requests can be blocked, and visitors without a link sent elsewhere", async (t) => {
  const { host } = new URL(server.url);
  const other = await startLinkTestServer(
    {
      blocked: [`evil.test/raw/${open}/files/hello.txt`, "r:^bad[.]test/.*secret", `${host}/nothing`],
      landingUrl: "https://about.test/links?x=1",
    },
    { project: server.project },
  );
  t.teardown(() => other.stop());
  const rows: readonly [host: string, target: string, status: number][] = [
    ["evil.test", `/raw/${open}/files/hello.txt`, 401],
    ["evil.test", `/raw/${open}/files/hello.txt?download`, 401],
    ["evil.test", `/raw/${open}/files/hello%2Etxt`, 401],
    ["evil.test", `/s/${open}/files/hello.txt`, 200],
    ["good.test", `/raw/${open}/files/hello.txt`, 200],
    ["bad.test", `/s/${open}/files/secret`, 401],
    ["good.test", `/s/${open}/files/secret`, 404],
  ];
  for (const [at, target, status] of rows) t.is((await other.get(target, { host: at })).status, status, at + target);
  const landing = await other.get("/");
  t.deepEqual([landing.status, landing.headers.location], [303, "https://about.test/links?x=1"]);
});

test("health is no more while the service stops", (t) => {
  t.is(healthReply(false).status, 200);
  t.is(healthReply(true).status, 503);
});

test("preflights tell what pages of other origins may do", async (t) => {
  const reply = await server.get("/anything", { method: "OPTIONS" });
  t.is(reply.headers["access-control-allow-methods"], "GET, HEAD");
  t.is(reply.headers["access-control-allow-headers"], "*");
  t.is(reply.text, "");
});

test("links of before /s/ are redirected with their query", async (t) => {
  const reply = await server.get(`/${open}/files/a%20b/c?download&x=1`);
  t.is(reply.status, 308);
  t.is(reply.headers.location, `${server.url}/s/${open}/files/a%20b/c?download&x=1`);
});

test("folders without their slash are redirected with their query", async (t) => {
  const reply = await server.get(`/s/${open}/files/plain?wrap=1`);
  t.is(reply.headers.location, `/s/${open}/files/plain/?wrap=1`);
  t.is((await server.get(`/s/${open}/files`)).headers.location, `/s/${open}/files/`);
});

test("a key that ends in a slash is an object, or the index of a folder, or a folder", async (t) => {
  t.is((await server.get(`/raw/${open}/files/ends/`)).text, "with a slash");
  t.is((await server.get(`/raw/${open}/files/docs/`)).text, "<h1>index</h1>");
  const folder = await server.get(`/raw/${open}/files/empty/`);
  t.true(isPage(folder));
  t.true(folder.text.includes(`/s/${open}/files/empty/x`));
});

test("expired, revoked and unknown keys get one and the same page", async (t) => {
  const [unknown, revoked] = await Promise.all(
    [linkKeys.unknown, linkKeys.revoked].map((key) => server.get(`/s/${key}/files/`)),
  );
  t.is(unknown!.text, revoked!.text);
  t.true(unknown!.text.includes("Access denied."));
});

test("folders list what is in them without placeholders, by page", async (t) => {
  const small = await startLinkTestServer({ pageEntries: 2 }, { project: server.project });
  t.teardown(() => small.stop());
  const page = await small.get(`/s/${open}/files/`);
  t.true(page.text.includes("docs"));
  t.false(page.text.includes("hello.txt"));
  const next = /href="([^"]*cursor=[^"]*)"/.exec(page.text)?.[1]?.replaceAll("&amp;", "&");
  t.truthy(next);
  const second = await small.get(next!);
  t.true(second.text.includes("hello.txt"));
  t.false((await server.get(`/s/${open}/files/plain/`)).text.includes(".file_placeholder"));
});

test("nothing that we log has a key in it", async (t) => {
  for (const key of [open, linkKeys.unknown, server.grant]) await server.get(`/s/${key}/files/x`);
  t.true(server.log.length > 0);
  const text = JSON.stringify(server.log);
  for (const key of [open, linkKeys.unknown, server.grant.slice(0, 20)]) t.false(text.includes(key));
});
