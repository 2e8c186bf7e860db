import { PutObjectCommand } from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import test from "ava";
import { elementText, plainRequest, signedRequest } from "../../helpers/s3-request.js";
import { startS3TestServer } from "../../helpers/s3-server.js";

const server = await startS3TestServer();
const s3 = server.client();
test.before(() => server.project.createBucket("bucket"));
test.after.always(() => server.stop());

/** What a client that has only a URL gets for it. */
async function put(more: object, headers: Record<string, string> = {}) {
  const command = new PutObjectCommand({ Bucket: "bucket", Key: "k", ...more });
  const { pathname, search } = new URL(await getSignedUrl(s3, command));
  const target = pathname + search;
  return { target, reply: await plainRequest(server.url, { method: "PUT", target, body: "hello", headers }) };
}

test.serial("what the signer put into the query counts as if it were in headers", async (t) => {
  const { target, reply } = await put({
    ACL: "public-read",
    Tagging: "a=b&ä=%C3%B6",
    Metadata: { x: "y" },
    WebsiteRedirectLocation: "/elsewhere",
  });
  t.regex(target, /x-amz-acl=public-read/);
  t.is(reply.status, 200, reply.body);
  const { custom } = await server.project.headObject("bucket", "k");
  t.like(custom, {
    "s3:tags": "a=b&ä=%C3%B6",
    "x-amz-meta-x": "y",
    "x-amz-website-redirect-location": "/elsewhere",
  });
  t.is((await plainRequest(server.url, { target: "/bucket/k" })).body, "hello");
});

test.serial("also where it is refused; and it can not be added to", async (t) => {
  const refused = await put({ StorageClass: "GLACIER" });
  t.is(`${refused.reply.status} ${elementText(refused.reply.body, "Code")}`, "400 InvalidStorageClass");
  const { target } = await put({});
  const changed = await plainRequest(server.url, {
    method: "PUT",
    target: `${target}&x-amz-acl=public-read`,
    body: "x",
  });
  t.is(elementText(changed.body, "Code"), "SignatureDoesNotMatch");
  const added = await put({}, { "x-amz-acl": "public-read" });
  t.is(elementText(added.reply.body, "Code"), "AccessDenied");
});

test.serial("in a request that is signed in its header, the query is no header", async (t) => {
  const target = "/bucket/plain?x-amz-website-redirect-location=%2Fx";
  t.is((await signedRequest(server.url, { method: "PUT", target, body: "x" })).status, 200);
  t.is((await server.project.headObject("bucket", "plain")).custom["x-amz-website-redirect-location"], undefined);
});

test.serial("strangers can not change what a reply says of itself", async (t) => {
  await put({ ACL: "public-read" });
  const plain = await plainRequest(server.url, { target: "/bucket/k" });
  t.is(plain.status, 200);
  for (const method of ["GET", "HEAD"]) {
    const changed = await plainRequest(server.url, { method, target: "/bucket/k?response-content-type=text%2Fhtml" });
    t.is(changed.status, 400);
    if (method === "GET") t.is(elementText(changed.body, "Code"), "InvalidRequest");
  }
});
