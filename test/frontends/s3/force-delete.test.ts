import { createHmac } from "node:crypto";
import { GetBucketPolicyStatusCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import test from "ava";
import { elementText, plainRequest, signedRequest } from "../../helpers/s3-request.js";
import { startS3TestServer, testCredentials } from "../../helpers/s3-server.js";

const server = await startS3TestServer();
test.after.always(() => server.stop());
const force = { "x-minio-force-delete": "true" };

async function filled(name: string): Promise<void> {
  await server.project.createBucket(name);
  await server.project.putObject(name, "a/b", [Buffer.from("text")]);
  await server.project.beginUpload(name, "unfinished");
}

const there = async (name: string) =>
  (await server.project.listBuckets()).buckets.some((bucket) => bucket.name === name);

test("a bucket goes with all that is in it, where the header says so and is signed", async (t) => {
  await filled("full");
  const remove = (headers: Record<string, string>, unsigned: Record<string, string> = {}) =>
    signedRequest(server.url, { method: "DELETE", target: "/full", headers, unsigned });
  t.is(elementText((await remove({})).body, "Code"), "BucketNotEmpty");
  t.is(elementText((await remove({ "x-minio-force-delete": "false" })).body, "Code"), "BucketNotEmpty");
  t.is(elementText((await remove({ "x-minio-force-delete": "perhaps" })).body, "Code"), "InvalidRequest");
  t.is(elementText((await remove({}, force)).body, "HeadersNotSigned"), "x-minio-force-delete");
  const date = new Date().toUTCString();
  const older = createHmac("sha1", testCredentials.secretAccessKey)
    .update(`DELETE\n\n\n${date}\n/full`)
    .digest("base64");
  const authorization = `AWS ${testCredentials.accessKeyId}:${older}`;
  const second = await plainRequest(server.url, {
    method: "DELETE",
    target: "/full",
    headers: { date, authorization, ...force },
  });
  t.is(elementText(second.body, "HeadersNotSigned"), "x-minio-force-delete", "Version 2 signs x-amz-* only");
  t.true(await there("full"));
  t.is((await remove(force)).status, 204);
  t.false(await there("full"));
});

test("only by its owner, and never all objects below a name", async (t) => {
  await filled("open");
  const Statement = {
    Effect: "Allow",
    Principal: "*",
    Action: "s3:*",
    Resource: ["arn:aws:s3:::open", "arn:aws:s3:::open/*"],
  };
  const client = server.client();
  await client.send(new PutBucketPolicyCommand({ Bucket: "open", Policy: JSON.stringify({ Statement }) }));
  t.true((await client.send(new GetBucketPolicyStatusCommand({ Bucket: "open" }))).PolicyStatus?.IsPublic);
  t.is((await plainRequest(server.url, { method: "DELETE", target: "/open", headers: force })).status, 403);
  t.true(await there("open"));
  const below = await signedRequest(server.url, { method: "DELETE", target: "/open/a", headers: force });
  t.is(below.status, 501);
  t.is((await server.project.listObjects("open")).entries.length, 1);
  const events = await signedRequest(server.url, { target: "/open?events=s3%3AObjectCreated%3A%2A" });
  t.is(events.status, 501, "MinIO's stream of notifications is no listing");
});
