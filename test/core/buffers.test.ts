import { randomBytes } from "node:crypto";
import test from "ava";
import { createInlineCodec } from "../../core/segment/inline-codec.js";
import { createUplink } from "../../core/uplink.js";
import { bodyOf, projectLab, readAll } from "../helpers/project-lab.js";
import { until } from "../helpers/until.js";

const mib = 1024 * 1024;

test("a hundred transfers at a time stay within the buffers of the process", async (t) => {
  const lab = await projectLab(t);
  const bufferBytes = 32 * mib;
  // A thousand connections are made at once, by one process for both ends: on a busy machine that takes its time.
  const patience = { dialTimeoutMs: 120_000, nodeStallMs: 120_000, slowNodeMs: 120_000, bufferWaitMs: 120_000 };
  const uplink = createUplink({ bufferBytes, codec: createInlineCodec(), ...patience });
  t.teardown(() => uplink.close());
  const project = await uplink.openProject(lab.grant);
  await project.createBucket("bucket");
  const data = randomBytes(30_000);
  let mostWaiting = 0;
  let mostBytes = 0;
  const look = () => {
    const { uploadBufferBytes, downloadBufferBytes, waitingTransfers } = uplink.stats();
    mostBytes = Math.max(mostBytes, uploadBufferBytes, downloadBufferBytes);
    mostWaiting = Math.max(mostWaiting, waitingTransfers);
  };
  async function* body() {
    yield data.subarray(0, 10_000); // before it is known that there is anything to buffer
    for (let at = 10_000; at < data.length; at += 10_000) {
      look();
      yield data.subarray(at, at + 10_000);
    }
  }
  const keys = Array.from({ length: 100 }, (_, i) => `key-${i}`);
  await Promise.all(keys.map((key) => project.putObject("bucket", key, body())));
  t.true(mostBytes > mib && mostBytes <= bufferBytes / 2, `${mostBytes} bytes`);
  t.true(mostWaiting >= 20, `${mostWaiting} waited`); // each takes 3 MiB until its pieces are stored
  t.is(uplink.stats().uploadBufferBytes, 0);

  mostBytes = 0;
  const read = await Promise.all(
    keys.map(async (key) => {
      const download = await project.getObject("bucket", key);
      const chunks: Uint8Array[] = [];
      for await (const chunk of download.body) {
        look();
        chunks.push(chunk);
      }
      return Buffer.concat(chunks).equals(data);
    }),
  );
  t.true(read.every(Boolean));
  t.true(mostBytes > 100_000 && mostBytes <= bufferBytes / 2, `${mostBytes} bytes`);
  const { downloadBufferBytes, replayBytes, waitingTransfers } = uplink.stats();
  t.deepEqual([downloadBufferBytes, replayBytes, waitingTransfers], [0, 0, 0]);
});

test("a transfer that waits for buffers can be called off, and copies through the core do not block each other", async (t) => {
  const lab = await projectLab(t);
  const uplink = createUplink({ bufferBytes: 8 * mib, bufferWaitMs: 20_000, codec: createInlineCodec() });
  t.teardown(() => uplink.close());
  const project = await uplink.openProject(lab.grant);
  await project.createBucket("bucket");
  const data = randomBytes(100_000);
  await project.putObject("bucket", "key", bodyOf(data));
  await project.putObject("bucket", "large", bodyOf(randomBytes(600_000)));

  // One that holds its buffers for as long as it likes.
  const holding = await project.getObject("bucket", "large");
  const holder = holding.body[Symbol.asyncIterator]();
  await holder.next();
  const copies = Array.from({ length: 10 }, async (_, i) => {
    const { body } = await project.getObject("bucket", "key");
    await project.putObject("bucket", `copy-${i}`, body);
  });
  await Promise.all(copies);
  t.true((await readAll((await project.getObject("bucket", "copy-9")).body)).equals(data));

  // The download's end is told at once, though nobody reads it.
  t.true(uplink.stats().downloadBufferBytes > 0);
  holding.close();
  t.is(uplink.stats().downloadBufferBytes, 0);
  await t.throwsAsync(async () => holder.next(), { code: "canceled" });

  const stuck = new AbortController();
  async function* never() {
    yield data;
    await new Promise<void>((resolve) => stuck.signal.addEventListener("abort", () => resolve(), { once: true }));
  }
  const first = project.putObject("bucket", "first", never(), { signal: stuck.signal });
  await until(() => uplink.stats().uploadBufferBytes > 0);
  const abort = new AbortController();
  const second = project.putObject("bucket", "second", bodyOf(data), { signal: abort.signal });
  await until(() => uplink.stats().waitingTransfers === 1);
  abort.abort();
  await t.throwsAsync(second, { code: "canceled" });
  stuck.abort();
  await t.throwsAsync(first, { code: "canceled" });
  t.is(uplink.stats().uploadBufferBytes, 0);
});
