import { createHash, randomBytes } from "node:crypto";
import {
  CreateBucketCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import test from "ava";
import type { ReadyFile } from "../../bin/ready-file.js";
import { startServer } from "../helpers/server.js";
import { tempDir } from "../helpers/temp-dir.js";

const Bucket = "durable";

test("after kill -9 every acknowledged object reads back and no half-written one is visible", async (t) => {
  t.timeout(180_000);
  const dir = await tempDir();
  t.teardown(dir.remove);

  const first = await startServer({ dataDir: dir.path });
  let client = clientOf(first.ready);
  await client.send(new CreateBucketCommand({ Bucket }));
  const started = new Map<string, string>();
  const acknowledged = new Set<string>();
  let killing: Promise<void> | undefined;

  // Inline, one remote segment with few stripes, and one that is still in flight when the process dies.
  const sizes = [100, 4096, 5000, 300_000, 2_000_000];
  async function write(writer: number): Promise<void> {
    for (let i = 0; killing === undefined; i++) {
      const Body = randomBytes(sizes[i % sizes.length]!);
      const Key = `w${writer}/${i}`;
      started.set(Key, sha256(Body));
      try {
        await client.send(new PutObjectCommand({ Bucket, Key, Body }));
      } catch (error) {
        if (killing === undefined) throw error;
        return;
      }
      acknowledged.add(Key);
      if (acknowledged.size === 60) killing = first.kill();
    }
  }
  await Promise.all([0, 1, 2, 3].map(write));
  await killing;
  client.destroy();
  t.true(acknowledged.size >= 60);

  const second = await startServer({ dataDir: dir.path });
  t.teardown(() => second.stop());
  t.is(second.ready.accessKeyId, first.ready.accessKeyId);
  t.is(second.ready.secretKey, first.ready.secretKey);
  client = clientOf(second.ready);
  t.teardown(() => client.destroy());

  const listed = await client.send(new ListObjectsV2Command({ Bucket }));
  const visible = (listed.Contents ?? []).map((entry) => entry.Key!);
  for (const key of acknowledged) t.true(visible.includes(key), `${key} was acknowledged and is gone`);
  for (const Key of visible) {
    const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
    t.is(sha256(await Body!.transformToByteArray()), started.get(Key)!, Key);
  }
  await client.send(new PutObjectCommand({ Bucket, Key: "after", Body: "the crash" }));
});

test("Ctrl-C stops everything within five seconds, and what was stored is there at the next start", async (t) => {
  t.timeout(120_000);
  const dir = await tempDir();
  t.teardown(dir.remove);
  const Body = randomBytes(200_000);

  const first = await startServer({ dataDir: dir.path });
  const before = clientOf(first.ready);
  await before.send(new CreateBucketCommand({ Bucket }));
  await before.send(new PutObjectCommand({ Bucket, Key: "kept", Body }));
  before.destroy();
  const { code, ms } = await first.stop();
  t.is(code, 0);
  t.true(ms < 5_000, `stopping took ${ms} ms`);
  t.throws(() => process.kill(first.ready.pids.network!, 0), { code: "ESRCH" });

  const second = await startServer({ dataDir: dir.path });
  t.teardown(() => second.stop());
  const after = clientOf(second.ready);
  t.teardown(() => after.destroy());
  const reply = await after.send(new GetObjectCommand({ Bucket, Key: "kept" }));
  t.is(sha256(await reply.Body!.transformToByteArray()), sha256(Body));
});

function clientOf(ready: ReadyFile): S3Client {
  return new S3Client({
    endpoint: ready.s3,
    region: "us-east-1",
    credentials: { accessKeyId: ready.accessKeyId, secretAccessKey: ready.secretKey },
    maxAttempts: 1,
  });
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
