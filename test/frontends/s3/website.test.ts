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

test("objects that send browsers elsewhere", async (t) => {
  const server = await startS3TestServer({ websiteDomains: ["pages.example"] });
  t.teardown(() => server.stop());
  await server.project.createBucket("site");
  const name = "x-amz-website-redirect-location";
  const send = (target: string, headers: Record<string, string> = {}, method = "PUT") =>
    signedRequest(server.url, { method, target, headers, body: method === "PUT" ? "body" : undefined });
  for (const wrong of ["ftp://example.com/", "elsewhere", ""]) {
    const refused = await send("/site/a", { [name]: wrong });
    t.is(`${refused.status} ${elementText(refused.body, "Code")}`, "400 InvalidRedirectLocation");
  }
  t.is((await send("/site/a", { [name]: "/docs/b?c=d" })).status, 200);
  t.is((await send("/site/index.html", { [name]: "https://example.com/" })).status, 200);
  const read = await send("/site/a", {}, "GET");
  t.like(read, { status: 200, body: "body" });
  t.is(read.headers[name], "/docs/b?c=d");
  t.is((await send("/site/a", {}, "HEAD")).headers[name], "/docs/b?c=d");

  await signedRequest(server.url, { method: "PUT", target: "/site?policy=", body: policy });
  await signedRequest(server.url, { method: "PUT", target: "/site?website=", body: configuration });
  const visit = (target: string, method = "GET") =>
    plainRequest(server.url, { method, target, headers: { host: "site.pages.example" } });
  for (const method of ["GET", "HEAD"]) {
    const moved = await visit("/a", method);
    t.is(`${moved.status} ${moved.headers["location"]} ${moved.body}`, "301 /docs/b?c=d ");
  }
  t.is((await visit("/")).headers["location"], "https://example.com/");

  // A copy has it only when it is asked for again, whatever becomes of the other metadata.
  const copy = async (target: string, headers: Record<string, string> = {}) => {
    await signedRequest(server.url, { method: "PUT", target, headers: { "x-amz-copy-source": "/site/a", ...headers } });
    return (await send(target, {}, "HEAD")).headers[name];
  };
  t.is(await copy("/site/copy"), undefined);
  t.is(await copy("/site/copy", { "x-amz-metadata-directive": "REPLACE" }), undefined);
  t.is(await copy("/site/copy", { [name]: "/new" }), "/new");
  t.is(await copy("/site/a", { [name]: "/itself" }), "/itself", "that is a change, so a copy onto itself is legal");

  const begun = await signedRequest(server.url, {
    method: "POST",
    target: "/site/m?uploads=",
    headers: { [name]: "/m" },
  });
  const upload = `/site/m?uploadId=${elementText(begun.body, "UploadId")}`;
  const part = await send(`${upload}&partNumber=1`);
  const list = `<CompleteMultipartUpload><Part><PartNumber>1</PartNumber><ETag>${part.headers["etag"]}</ETag></Part></CompleteMultipartUpload>`;
  t.is((await signedRequest(server.url, { method: "POST", target: upload, body: list })).status, 200);
  t.is((await send("/site/m", {}, "HEAD")).headers[name], "/m");
});

test("the query of a visitor means nothing, and folders are on this site", async (t) => {
  const server = await startS3TestServer({ websiteDomains: ["pages.example"] });
  t.teardown(() => server.stop());
  await server.project.createBucket("site");
  const keys = ["index.html", "/other.example/index.html"];
  for (const key of keys) {
    await server.project.putObject("site", key, [Buffer.from("page")], { custom: { "content-type": "text/html" } });
  }
  await signedRequest(server.url, { method: "PUT", target: "/site?policy=", body: policy });
  await signedRequest(server.url, { method: "PUT", target: "/site?website=", body: configuration });
  const get = (target: string) => plainRequest(server.url, { target, headers: { host: "site.pages.example" } });
  for (const query of ["versionId=00", "partNumber=7", "response-content-type=x", "uploads"]) {
    const page = await get(`/?${query}`);
    t.like(page, { status: 200, body: "page" }, query);
    t.is(page.headers["content-type"], "text/html");
  }
  t.is((await get("//other.example")).headers["location"], "/%2Fother.example/");

  // Nor is the first folder a bucket, whose rules would say which pages may read this one.
  await server.project.createBucket("folder");
  const rules =
    "<CORSConfiguration><CORSRule><AllowedOrigin>https://a.example</AllowedOrigin><AllowedMethod>GET</AllowedMethod></CORSRule></CORSConfiguration>";
  t.is((await signedRequest(server.url, { method: "PUT", target: "/site?cors=", body: rules })).status, 200);
  const other = rules.replace("a.example", "b.example");
  t.is((await signedRequest(server.url, { method: "PUT", target: "/folder?cors=", body: other })).status, 200);
  const allowed = async (origin: string) => {
    const headers = { host: "site.pages.example", origin: `https://${origin}` };
    return (await plainRequest(server.url, { target: "/folder/x", headers })).headers["access-control-allow-origin"];
  };
  t.is(await allowed("a.example"), "https://a.example");
  t.is(await allowed("b.example"), undefined);
});
