import { CreateBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import test from "ava";
import { startDnsServer } from "../helpers/dns-server.js";
import { linkRequest } from "../helpers/link-server.js";
import { runningCommand } from "../helpers/postern-command.js";
import { startTempServer } from "../helpers/server.js";
import { tempDir } from "../helpers/temp-dir.js";

test("what S3 wrote opens by links, here, on a gateway elsewhere, and as a site", async (t) => {
  t.timeout(120_000);
  const dns = await startDnsServer();
  t.teardown(() => dns.stop());
  const server = await startTempServer(["--link-dns", dns.address]);
  t.teardown(() => server.close());
  const { ready } = server;
  const s3 = new S3Client({
    endpoint: ready.s3,
    region: "us-east-1",
    credentials: { accessKeyId: ready.accessKeyId, secretAccessKey: ready.secretKey },
  });
  t.teardown(() => s3.destroy());
  const Bucket = "shared";
  await s3.send(new CreateBucketCommand({ Bucket }));
  const put = (Key: string, Body: string, ContentType: string) =>
    s3.send(new PutObjectCommand({ Bucket, Key, Body, ContentType }));
  const { ETag } = await put("site/index.html", "<h1>hello</h1>", "text/html");
  await put("site/notes.md", "# notes", "text/markdown");

  const registered = await fetch(`${ready.authHttp}/v1/access`, {
    method: "POST",
    body: JSON.stringify({ access_grant: ready.accessGrant, public: true }),
  });
  const { access_key_id: key } = (await registered.json()) as { access_key_id: string };

  const dir = await tempDir();
  t.teardown(dir.remove);
  const gateway = await runningCommand(t, [
    ...["gateway", "--auth-url", ready.authHttp!, "--auth-token", ready.authToken!],
    ...["--data-dir", dir.path, "--s3-port", "0", "--link-port", "0"],
  ]);
  const elsewhere = /linkshare\s+(http:\S+)/.exec(gateway.output.text)?.[1];
  t.truthy(elsewhere, gateway.output.text);

  for (const url of [ready.linksharing!, elsewhere!]) {
    const page = await linkRequest(url, `/s/${key}/${Bucket}/site/notes.md`);
    t.is(page.status, 200);
    t.true(page.text.includes("notes</h"));
    const raw = await linkRequest(url, `/raw/${key}/${Bucket}/site/index.html`);
    t.like(raw.headers, { "content-type": "text/plain", etag: ETag });
    t.is(raw.text, "<h1>hello</h1>");
    t.is((await linkRequest(url, `/raw/${ready.accessKeyId}/${Bucket}/site/index.html`)).status, 403);
  }

  dns.zone.set("txt-www.example.com", [{ strings: [`storj-access:${key}`, `storj-root:${Bucket}/site`], ttl: 60 }]);
  const site = await linkRequest(ready.linksharing!, "/", { host: "www.example.com" });
  t.is(site.status, 200);
  t.is(site.headers["content-type"], "text/html");
  t.is(site.text, "<h1>hello</h1>");
});
