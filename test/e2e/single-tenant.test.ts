import {
  CreateBucketCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import test from "ava";
import type { ReadyFile } from "../../bin/ready-file.js";
import { startTempServer } from "../helpers/server.js";

test("a gateway with fixed credentials serves another server's network, and nothing else is kept or open", async (t) => {
  t.timeout(120_000);
  const network = await startTempServer();
  t.teardown(() => network.close());
  const keys = ["--access-key-id", "me", "--secret-key", "my own secret"];
  const gateway = await startTempServer(["--access", network.ready.accessGrant, ...keys]);
  t.teardown(() => gateway.close());
  t.like(gateway.ready, { accessKeyId: "me", secretKey: "my own secret", satellite: network.ready.satellite });
  t.is(gateway.ready.authHttp, undefined);
  t.is(gateway.ready.pids.network, undefined);

  const own = clientOf(gateway.ready);
  const others = clientOf(network.ready);
  t.teardown(() => own.destroy());
  t.teardown(() => others.destroy());
  const Bucket = "shared-network";
  await own.send(new CreateBucketCommand({ Bucket }));
  await own.send(new PutObjectCommand({ Bucket, Key: "k", Body: "x".repeat(10_000) }));
  const read = await others.send(new GetObjectCommand({ Bucket, Key: "k" }));
  t.is(await read.Body!.transformToString(), "x".repeat(10_000));

  const stranger = clientOf({ ...gateway.ready, accessKeyId: network.ready.accessKeyId });
  t.teardown(() => stranger.destroy());
  await t.throwsAsync(stranger.send(new ListBucketsCommand({})), { name: "InvalidAccessKeyId" });
});

function clientOf(ready: ReadyFile): S3Client {
  return new S3Client({
    endpoint: ready.s3,
    region: "us-east-1",
    credentials: { accessKeyId: ready.accessKeyId, secretAccessKey: ready.secretKey },
  });
}
