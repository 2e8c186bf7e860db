import { createHmac } from "node:crypto";
import { Agent } from "node:http";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketCorsCommand,
  PutBucketPolicyCommand,
  PutBucketWebsiteCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { Upload } from "@aws-sdk/lib-storage";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import test from "ava";
import { s3Frontend } from "../../../frontends/s3/index.js";
import { bucketOfHost } from "../../../frontends/s3/target.js";
import { elementText, plainRequest } from "../../helpers/s3-request.js";
import { startS3TestServer, testCredentials } from "../../helpers/s3-server.js";

const server = await startS3TestServer({
  baseDomains: ["s3.example.com", "Storage.Example.org.", "example.com"],
  bucketHosts: ["files.example.net", "*.files.example"],
  websiteHosts: ["www.example.net"],
});
test.after.always(() => server.stop());
const { port } = new URL(server.url);

/** A client whose names all lead here; styles and signatures are its own. */
function clientAt(host: string, config: { bucketEndpoint?: boolean } = {}): S3Client {
  type Answer = (error: null, address: string | { address: string; family: number }[], family?: number) => void;
  const lookup = (_: string, { all }: { all?: boolean }, answer: Answer) =>
    all ? answer(null, [{ address: "127.0.0.1", family: 4 }]) : answer(null, "127.0.0.1", 4);
  return server.client({
    endpoint: `http://${host}:${port}`,
    forcePathStyle: false,
    requestHandler: { httpAgent: new Agent({ lookup: lookup as never }) },
    ...config,
  });
}

test("host names that mean buckets", (t) => {
  const bucket = (host: string | undefined, domains: string[], hosts: string[] = []) =>
    bucketOfHost(host, { domains, hosts });
  t.is(bucket("b.example.com:9000", ["example.com"]), "b");
  t.is(bucket("B.Example.com.", ["example.com"]), "b");
  t.is(bucket("a.b.example.com", ["example.com"]), "a.b");
  t.is(bucket("example.com", ["example.com"]), undefined);
  t.is(bucket("bexample.com", ["example.com"]), undefined);
  t.is(bucket(".example.com", ["example.com"]), undefined);
  t.is(bucket(undefined, ["example.com"]), undefined);
  // The longest domain counts, whatever the order, and a domain is no bucket of another.
  for (const domains of [
    ["example.com", "s3.example.com"],
    ["s3.example.com", "example.com"],
  ]) {
    t.is(bucket("b.s3.example.com", domains), "b");
    t.is(bucket("b.example.com", domains), "b");
    t.is(bucket("s3.example.com", domains), undefined);
  }
  t.is(bucket("files.example.net:80", [], ["files.example.net"]), "files.example.net");
  t.is(bucket("x.files.example.net", [], ["files.example.net"]), undefined);
  t.is(bucket("x.files.example", ["files.example"], ["*.files.example"]), "x.files.example");
  t.is(bucket("files.example", [], ["*.files.example"]), undefined);
  t.is(bucket("127.0.0.1:9000", ["example.com"], ["*.files.example"]), undefined);
  t.throws(() => s3Frontend({ bucketHosts: ["*"] }), { message: /bucketHosts/ });
  t.throws(() => s3Frontend({ websiteHosts: ["a.*.b"] }), { message: /websiteHosts/ });
});

test("virtual hosts below several domains, and paths at all of them, are one service", async (t) => {
  const hosts = ["s3.example.com", "storage.example.org", "example.com"];
  await clientAt(hosts[0]!).send(new CreateBucketCommand({ Bucket: "several" }));
  for (const host of hosts) {
    const client = clientAt(host);
    await client.send(new PutObjectCommand({ Bucket: "several", Key: `a/${host} ü`, Body: host }));
    const large = { Bucket: "several", Key: `large ${host}`, Body: Buffer.alloc(6 * 2 ** 20, "x") };
    const { Location } = await new Upload({ client, params: large }).done();
    t.is(Location, `http://several.${host}:${port}/large%20${host}`);
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket: "several", Key: `a/${host} ü` }));
    t.is(new URL(url).host, `several.${host}:${port}`);
    const { pathname, search } = new URL(url);
    const reply = await plainRequest(server.url, {
      target: `${pathname}${search}`,
      headers: { host: new URL(url).host },
    });
    t.like(reply, { status: 200, body: host });
  }
  const { KeyCount } = await server.client().send(new ListObjectsV2Command({ Bucket: "several" }));
  t.is(KeyCount, 6);
});

test("a bucket at a domain of its own", async (t) => {
  const Bucket = "files.example.net";
  await server.client().send(new CreateBucketCommand({ Bucket }));
  const own = clientAt(Bucket, { bucketEndpoint: true });
  const url = `http://${Bucket}:${port}`;
  await own.send(new PutObjectCommand({ Bucket: url, Key: "a b", Body: "of its own" }));
  const listed = await own.send(new ListObjectsV2Command({ Bucket: url }));
  t.deepEqual([listed.Name, listed.Contents?.map(({ Key }) => Key)], [Bucket, ["a b"]]);
  const { Body } = await server.client().send(new GetObjectCommand({ Bucket, Key: "a b" }));
  t.is(await Body!.transformToString(), "of its own");
  const host = `${Bucket}:${port}`;
  t.is((await plainRequest(server.url, { target: "/a%20b", headers: { host } })).status, 403);

  // Version 2 signs the host name as the bucket, in lower case.
  const expires = Math.floor(Date.now() / 1000) + 60;
  const signature = createHmac("sha1", testCredentials.secretAccessKey)
    .update(`GET\n\n\n${expires}\n/${Bucket}/a%20b`)
    .digest("base64");
  const query = new URLSearchParams({
    AWSAccessKeyId: testCredentials.accessKeyId,
    Expires: String(expires),
    Signature: signature,
  });
  const old = await plainRequest(server.url, { target: `/a%20b?${query}`, headers: { host: host.toUpperCase() } });
  t.like(old, { status: 200, body: "of its own" });

  const Statement = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${Bucket}/*` };
  await own.send(new PutBucketPolicyCommand({ Bucket: url, Policy: JSON.stringify({ Statement }) }));
  t.like(await plainRequest(server.url, { target: "/a%20b", headers: { host } }), { status: 200, body: "of its own" });
  await server.client().send(new CreateBucketCommand({ Bucket: "x.files.example" }));
  const below = await plainRequest(server.url, { target: "/k", headers: { host: "x.files.example" } });
  t.is(below.status, 403, "a bucket that is not open");
});

test("a website at a domain of its own, with the bucket's own CORS rules", async (t) => {
  const Bucket = "www.example.net";
  const client = server.client();
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key: "index.html", Body: "home" }));
  const Statement = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: `arn:aws:s3:::${Bucket}/*` };
  await client.send(new PutBucketPolicyCommand({ Bucket, Policy: JSON.stringify({ Statement }) }));
  const WebsiteConfiguration = { IndexDocument: { Suffix: "index.html" } };
  await client.send(new PutBucketWebsiteCommand({ Bucket, WebsiteConfiguration }));
  const rule = { AllowedOrigins: ["https://app.example"], AllowedMethods: ["GET"] };
  await client.send(new PutBucketCorsCommand({ Bucket, CORSConfiguration: { CORSRules: [rule] } }));
  const preflight = (origin: string) =>
    plainRequest(server.url, {
      method: "OPTIONS",
      target: "/index.html",
      headers: { host: Bucket, origin, "access-control-request-method": "GET" },
    });
  t.like(await plainRequest(server.url, { target: "/", headers: { host: Bucket } }), { status: 200, body: "home" });
  const allowed = await preflight("https://app.example");
  t.deepEqual([allowed.status, allowed.headers["access-control-allow-origin"]], [200, "https://app.example"]);
  t.is((await preflight("https://other.example")).status, 403);
});

test("whole URLs in the first line, as to proxies, are told as paths", async (t) => {
  const at = (target: string) => `http://${host}${target}`;
  const host = `127.0.0.1:${port}`;
  t.is((await plainRequest(server.url, { target: at("/-/health"), headers: { host } })).status, 200);
  const missing = await plainRequest(server.url, { target: at("/no/such?x=1"), headers: { host } });
  t.is(elementText(missing.body, "Resource"), "/no/such");
  // The bucket is that of the Host header, which is signed, and not the URL's.
  const Bucket = "proxied";
  await server.client().send(new CreateBucketCommand({ Bucket }));
  const swapped = await plainRequest(server.url, {
    target: "http://other.s3.example.com/k",
    headers: { host: `${Bucket}.s3.example.com` },
  });
  t.is(swapped.status, 403);
  t.true(server.log.some(({ fields }) => fields["bucket"] === Bucket && fields["status"] === 403));
});
