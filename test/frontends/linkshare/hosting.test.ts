import test from "ava";
import { serializeGrant } from "../../../core/access/grant.js";
import { createDnsResolver } from "../../../frontends/linkshare/hosting/dns-resolver.js";
import { createSites } from "../../../frontends/linkshare/hosting/sites.js";
import { txtFields } from "../../../frontends/linkshare/hosting/txt-fields.js";
import { startDnsServer } from "../../helpers/dns-server.js";
import { linkGrant, linkKeys, startLinkTestServer } from "../../helpers/link-server.js";
import { createMemoryProject } from "../../helpers/memory-project.js";
import { until } from "../../helpers/until.js";

const dns = await startDnsServer();
const project = createMemoryProject();
const server = await startLinkTestServer(
  { dnsServer: dns.address, publicUrls: ["http://link.test", "https://other.test"] },
  { project },
);
test.after.always(() => Promise.all([server.stop(), dns.stop()]));
await project.createBucket("web");
for (const [key, body] of Object.entries({
  "site/index.html": "<h1>home</h1>",
  "site/404.html": "<h1>lost</h1>",
  "site/docs/index.html": "<h1>docs</h1>",
  "site/files/a.bin": "aaa",
  "site/a b.html": "<p>space</p>",
  "bare/x.txt": "x",
  "index.html": "<h1>top</h1>",
})) {
  await project.putObject("web", key, [Buffer.from(body)]);
}
const site = (host: string, ...strings: string[]) => dns.zone.set(`txt-${host}`, [{ strings, ttl: 60 }]);
site("www.example.com", `storj-access:${linkKeys.public}`, "storj-root:web/site");
site("top.example.com", `STORJ_ACCESS:${linkKeys.public}`, "storj_root:web");
site("old.example.com", `storj-grant:${linkKeys.public}`, "storj-path:web/bare/");
site("private.example.com", `storj-access:${linkKeys.private}`, "storj-root:web");
site("revoked.example.com", `storj-access:${linkKeys.revoked}`, "storj-root:web");
site("half.example.com", `storj-access:${linkKeys.public}`);
site("tls.example.com", `storj-access:${linkKeys.public}`, "storj-root:web/site", "storj-tls:true");
const grant = serializeGrant(linkGrant());
dns.zone.set("txt-grant.example.com", [
  { strings: ["storj-root:web/site", `storj-access-2:${grant.slice(100, 200)}`], ttl: 60 },
  { strings: [`storj-access-3:${grant.slice(200)}`, "no field"], ttl: 60 },
  { strings: [`storj-access-1:${grant.slice(0, 100)}`], ttl: 60 },
]);
dns.zone.set("txt-broken.example.com", "SERVFAIL");

test("hosts are sites by their TXT records", async (t) => {
  const rows: readonly [host: string, target: string, status: number, body?: string][] = [
    ["www.example.com", "/", 200, "<h1>home</h1>"],
    ["WWW.example.com:8080", "/", 200, "<h1>home</h1>"],
    ["www.example.com", "/index.html", 200, "<h1>home</h1>"],
    ["www.example.com", "/docs/", 200, "<h1>docs</h1>"],
    ["www.example.com", "/docs", 303],
    ["www.example.com", "/a%20b.html", 200, "<p>space</p>"],
    ["www.example.com", "/files/a.bin", 200, "aaa"],
    ["www.example.com", "/nothing", 404, "<h1>lost</h1>"],
    ["www.example.com", "/../bare/x.txt", 404, "<h1>lost</h1>"],
    ["www.example.com", "/s/x/y", 404, "<h1>lost</h1>"],
    ["www.example.com", "/health/process", 404, "<h1>lost</h1>"],
    ["top.example.com", "/", 200, "<h1>top</h1>"],
    ["old.example.com", "/x.txt", 200, "x"],
    ["old.example.com", "/nothing", 404],
    ["grant.example.com", "/", 200, "<h1>home</h1>"],
    ["private.example.com", "/", 403],
    ["revoked.example.com", "/", 401],
    ["half.example.com", "/", 404],
    ["unknown.example.com", "/", 404],
    ["broken.example.com", "/", 503],
    ["link.test", "/", 200],
    ["other.test:1", "/health/process", 200, "okay\n"],
    ["bad host", "/", 400],
  ];
  for (const [host, target, status, body] of rows) {
    const reply = await server.get(target, { host });
    t.is(reply.status, status, `${host} ${target}`);
    if (body !== undefined) t.is(reply.text, body, `${host} ${target}`);
  }
});

test("sites are served as they are: HTML is HTML, and no attachment", async (t) => {
  const home = await server.get("/", { host: "www.example.com" });
  t.is(home.headers["content-type"], "text/html; charset=utf-8");
  t.is(home.headers["content-disposition"], undefined);
  t.is(home.headers["content-security-policy"], undefined);
  const file = await server.get("/files/a.bin?download", { host: "www.example.com" });
  t.is(file.headers["content-disposition"], "attachment; filename=a.bin");
  const lost = await server.get("/nothing", { host: "www.example.com", method: "HEAD" });
  t.is(lost.status, 404);
  t.is(lost.headers["content-type"], "text/html; charset=utf-8");
  t.is((await server.get("/docs?a=1", { host: "www.example.com" })).headers.location, "/docs/?a=1");
});

test("folders of a site list with links of the site and assets of ours", async (t) => {
  const reply = await server.get("/files/", { host: "www.example.com" });
  t.is(reply.status, 200);
  t.true(reply.text.includes('href="/files/a.bin?wrap=1"'));
  t.true(reply.text.includes("http://link.test/static/page.css"));
  t.regex(String(reply.headers["content-security-policy"]), /style-src 'self' http:\/\/link\.test/);
  t.false(reply.text.includes(linkKeys.public));
  const archive = await server.get("/files/?download&download-kind=zip", { host: "www.example.com" });
  t.is(archive.headers["content-type"], "text/html; charset=utf-8");
  const page = await server.get("/files/a.bin?wrap=1", { host: "www.example.com" });
  t.true(page.text.includes('href="/files/a.bin?download=1"'));
  t.false(page.text.includes("site/files"));
});

test("a folder whose name is empty can send nobody to another host", async (t) => {
  await project.putObject("web", "site//evil.test/x", [Buffer.from("x")]);
  const reply = await server.get("//evil.test", { host: "www.example.com" });
  t.is(reply.status, 303);
  t.is(reply.headers.location, "/%2Fevil.test/");
});

test("only our own hosts, and sites with storj-tls, are redirected to https", async (t) => {
  const secure = await startLinkTestServer(
    { dnsServer: dns.address, publicUrls: ["https://link.test"], redirectHttps: true, trustedProxies: 1 },
    { project },
  );
  t.teardown(() => secure.stop());
  const own = await secure.get("/s/a%20b/c?d", { host: "link.test:81" });
  t.deepEqual([own.status, own.headers.location], [308, "https://link.test:81/s/a%20b/c?d"]);
  const old = await secure.get("/x/y", { host: "link.test" });
  t.deepEqual([old.status, old.headers.location], [308, "https://link.test/s/x/y"]);
  const tls = await secure.get("/docs/", { host: "tls.example.com" });
  t.deepEqual([tls.status, tls.headers.location], [308, "https://tls.example.com/docs/"]);
  t.is((await secure.get("/", { host: "www.example.com" })).status, 200);
  const proxied = { host: "tls.example.com", headers: { "X-Forwarded-Proto": "https" } };
  t.is((await secure.get("/", proxied)).status, 200);
});

test("proxies are told which domains get certificates", async (t) => {
  const pieces = [`storj-access-1:${grant.slice(0, 200)}`, `storj-access-2:${grant.slice(200)}`];
  site("tls-grant.example.com", ...pieces, "storj-root:web", "storj-tls:true");
  site("tls-closed.example.com", `storj-access:${linkKeys.private}`, "storj-root:web", "storj-tls:1");
  site("tls-revoked.example.com", `storj-access:${linkKeys.revoked}`, "storj-root:web", "storj-tls:t");
  for (const [domain, status] of [
    ["tls.example.com", 200],
    ["TLS.example.com", 200],
    ["www.example.com", 404],
    ["tls-grant.example.com", 404],
    ["tls-closed.example.com", 404],
    ["tls-revoked.example.com", 404],
    ["unknown.example.com", 404],
    ["broken.example.com", 503],
    ["", 404],
    ["a b", 404],
  ] as const) {
    const reply = await server.get(`/tls/allowed?domain=${encodeURIComponent(domain)}`, { host: "link.test" });
    t.is(reply.status, status, domain);
  }
  const none = await startLinkTestServer();
  t.teardown(() => none.stop());
  t.is((await none.get("/tls/allowed?domain=tls.example.com")).status, 404);
  t.is((await server.get("/tls/allowed?domain=tls.example.com", { host: "www.example.com" })).text, "<h1>lost</h1>");
});

test("without sites every host is our own; with sites and no public URL, addresses are", async (t) => {
  const none = await startLinkTestServer();
  const some = await startLinkTestServer({ resolver: { txt: async () => [] } });
  t.teardown(() => Promise.all([none.stop(), some.stop()]));
  t.is((await none.get("/health/process", { host: "any.example.com" })).status, 200);
  t.is((await some.get("/health/process", { host: "any.example.com" })).status, 404);
  for (const host of ["localhost:9", "127.0.0.1", "[::1]:9"]) {
    t.is((await some.get("/health/process", { host })).status, 200, host);
  }
});

test("records are used for their time, once more while they are asked for again, and failures not at all", async (t) => {
  let now = 0;
  let calls = 0;
  let answer: () => Promise<readonly { strings: string[]; ttl: number }[]> = async () => {
    throw new Error("down");
  };
  const sites = createSites({
    resolver: {
      txt: async (name) => {
        calls++;
        t.is(name, "txt-a.test");
        return answer();
      },
    },
    entries: 2,
    maxMs: 10_000,
    now: () => now,
  });
  await t.throwsAsync(sites.find("a.test"));
  answer = async () => [];
  t.is(await sites.find("a.test"), undefined);
  const version = (bucket: string, ttl: number) => async () => [
    { strings: ["storj-access:k", `storj-root:${bucket}`], ttl },
  ];
  answer = version("one", 5);
  const [first, second] = await Promise.all([sites.find("a.test"), sites.find("a.test")]);
  t.is(first?.bucket, "one");
  t.is(second?.bucket, "one");
  t.is(calls, 3);
  answer = version("two", 3600);
  now = 4_999;
  t.is((await sites.find("a.test"))?.bucket, "one");
  t.is(calls, 3);
  now = 5_000;
  t.is((await sites.find("a.test"))?.bucket, "one");
  await until(async () => (await sites.find("a.test"))?.bucket === "two");
  t.is(calls, 4);
  // The option bounds what records say.
  now = 15_001;
  answer = async () => {
    throw new Error("down");
  };
  t.is((await sites.find("a.test"))?.bucket, "two");
  await until(() => calls === 5);
  await t.throwsAsync(sites.find("a.test"));
});

test("names that are no domains are never asked for", async (t) => {
  const sites = createSites({
    resolver: { txt: async () => t.fail() as never },
    entries: 1,
    maxMs: 1,
    now: Date.now,
  });
  for (const host of ["[::1]", "a..b", `${"a".repeat(60)}.test`, `${"a.".repeat(130)}test`, ""]) {
    t.is(await sites.find(host), undefined);
  }
});

test("fields are read off all strings of all records", (t) => {
  const fields = txtFields([
    { strings: ["b:2", "no", "A_x:late", "c-1:x", "c-2:y", "c-4:z"], ttl: 90 },
    { strings: ["b:1", "a-x:early", "d:", "u:a:b"], ttl: 30 },
  ]);
  t.deepEqual(
    ["a-x", "b", "c", "d", "e", "u"].map((name) => fields.get(name)),
    ["early", "1", "xy", "", "", "a:b"],
  );
  t.is(fields.ttlMs, 30_000);
  t.is(txtFields([]).ttlMs, 86_400_000);
});

test("a DNS server that does not answer is waited for no longer than the limit", async (t) => {
  dns.zone.set("txt-silent.test", "silent");
  const resolver = createDnsResolver({ server: dns.address, timeoutMs: 50 });
  await t.throwsAsync(resolver.txt("txt-silent.test", new AbortController().signal), { message: /DNS server/ });
  await t.throwsAsync(resolver.txt("txt-silent.test", AbortSignal.abort()), { message: /DNS server/ });
});
