import test from "ava";
import { elementText, plainRequest, signedRequest } from "../../helpers/s3-request.js";
import { startS3TestServer } from "../../helpers/s3-server.js";

const configuration = `<WebsiteConfiguration><IndexDocument><Suffix>index.html</Suffix></IndexDocument>
  <ErrorDocument><Key>error.html</Key></ErrorDocument><RoutingRules><RoutingRule>
  <Condition><KeyPrefixEquals>old/</KeyPrefixEquals></Condition>
  <Redirect><ReplaceKeyPrefixWith>new/</ReplaceKeyPrefixWith><HttpRedirectCode>302</HttpRedirectCode></Redirect>
  </RoutingRule></RoutingRules></WebsiteConfiguration>`;
const policy = JSON.stringify({
  Statement: { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::site/*" },
});

test("pages, folders, redirects and errors", async (t) => {
  const server = await startS3TestServer({ websiteDomains: ["pages.example"] });
  t.teardown(() => server.stop());
  await server.project.createBucket("site");
  const files: Record<string, string> = { "index.html": "home", "docs/index.html": "docs", "error.html": "sorry" };
  for (const [key, text] of Object.entries(files)) {
    await server.project.putObject("site", key, [Buffer.from(text)], { custom: { "content-type": "text/html" } });
  }
  const put = (what: string, body: string) =>
    signedRequest(server.url, { method: "PUT", target: `/site?${what}=`, body });
  const get = (target: string) => plainRequest(server.url, { target, headers: { host: "site.pages.example" } });

  t.is((await get("/")).status, 403, "not before it is public");
  t.is((await put("policy", policy)).status, 204);
  t.is((await get("/")).status, 404, "nor before it is a website");
  t.is((await put("website", configuration)).status, 200);
  t.like(await get("/"), { status: 200, body: "home" });
  t.like(await get("/docs/"), { status: 200, body: "docs" });
  const folder = await get("/docs");
  t.is(folder.status, 302);
  t.is(folder.headers.location, "/docs/");
  const old = await get("/old/a%20b");
  t.is(old.status, 302);
  t.is(old.headers.location, "http://site.pages.example/new/a%20b");
  const missing = await get("/nothing");
  t.is(missing.body, "sorry");
  t.true(missing.status === 404 || missing.status === 403);
  t.is((await signedRequest(server.url, { target: "/site?website=" })).status, 200);
  t.is((await signedRequest(server.url, { method: "DELETE", target: "/site?website=" })).status, 204);
  t.is((await get("/")).status, 404);
});

test("is refused where none is served", async (t) => {
  const server = await startS3TestServer();
  t.teardown(() => server.stop());
  await server.project.createBucket("site");
  const put = await signedRequest(server.url, { method: "PUT", target: "/site?website=", body: configuration });
  t.is(elementText(put.body, "Code"), "NotImplemented");
});
