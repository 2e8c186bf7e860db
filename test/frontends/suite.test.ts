import assert from "node:assert/strict";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import test from "ava";
import { auth } from "../../frontends/auth/index.js";
import type { FrontendPlugin, OptionFields } from "../../frontends/frontend.js";
import { linkshare } from "../../frontends/linkshare/index.js";
import { s3 } from "../../frontends/s3/index.js";
import { type FrontendSubject, frontendSuite } from "../suites/index.js";

/** What is built in passes the suite of plugins. */
function suite<Fields extends OptionFields, Deps>(
  plugin: FrontendPlugin<Fields, Deps>,
  subject: Omit<FrontendSubject<Fields>, "plugin">,
): void {
  frontendSuite(() => ({ ...subject, plugin: plugin as unknown as FrontendPlugin<Fields> }), {
    test: (title, run) =>
      test.serial(`${plugin.name}: ${title}`, async (t) => {
        await run();
        t.pass();
      }),
  });
}

suite(s3, {
  options: { port: 0 },
  async use({ addresses, credentials }, abortSignal) {
    const client = new S3Client({
      endpoint: addresses["http"],
      region: "us-east-1",
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: credentials.accessKeyId, secretAccessKey: credentials.secretKey },
    });
    const target = { Bucket: "suite", Key: "a/b" };
    try {
      const put = await client.send(new PutObjectCommand({ ...target, Body: "content" }), { abortSignal });
      const got = await client.send(new GetObjectCommand(target), { abortSignal });
      const text = await got.Body!.transformToString();
      assert.equal(text, "content");
      return [put.$metadata, got.$metadata, text];
    } finally {
      client.destroy();
    }
  },
});

suite(linkshare, {
  options: { port: 0 },
  publicKey: true,
  anonymous: true, // there are no secrets in links
  async use({ addresses, credentials, project }, signal) {
    await project.putObject("suite", "a/b", [Buffer.from("content")]);
    const ask = async (path: string) => {
      const reply = await fetch(`${addresses["http"]}/${path}`, { signal });
      return { status: reply.status, headers: [...reply.headers], text: await reply.text() };
    };
    const raw = await ask(`raw/${credentials.accessKeyId}/suite/a/b`);
    assert.deepEqual([raw.status, raw.text], [200, "content"]);
    const folder = await ask(`s/${credentials.accessKeyId}/suite/a/`);
    assert.equal(folder.status, 200);
    return [raw, folder];
  },
});

suite(auth, {
  options: { httpPort: 0 },
  anonymous: true, // it hands credentials out
  async use({ addresses, accessGrant }, signal) {
    const reply = await fetch(`${addresses["http"]}/v1/access`, {
      method: "POST",
      body: JSON.stringify({ access_grant: accessGrant }),
      signal,
    });
    // Secrets are what this reply is for.
    const { access_key_id: id } = (await reply.json()) as { access_key_id: string };
    assert.equal(reply.status, 200);
    assert.ok(id.length > 10);
  },
});
