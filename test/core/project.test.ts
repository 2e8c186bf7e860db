import { createHash, randomBytes } from "node:crypto";
import test from "ava";
import type { ByteRange } from "../../core/api.js";
import { utf8, utf8Text } from "../../core/bytes/bytes.js";
import { PosternError } from "../../core/errors.js";
import { bodyOf, projectLab, readAll } from "../helpers/project-lab.js";

const mib = 1024 * 1024;

test("objects of all shapes come back as they went", async (t) => {
  // Small segments, so that objects of many segments are cheap.
  const { project } = await projectLab(t, { uplink: { segmentSize: 300_000 } });
  const { name, createdAt } = await project.createBucket("objects");
  t.is(name, "objects");
  t.true(Math.abs(createdAt.getTime() - Date.now()) < 60_000);
  for (const size of [0, 1, 4096, 4097, 7408, 299_999, 300_000, 300_001, 304_096, 304_097, 1_234_567]) {
    const key = `dir/${size}`;
    const data = randomBytes(size);
    const custom = { "content-type": "text/plain", empty: "", size: String(size) };
    const put = await project.putObject("objects", key, bodyOf(data), { custom, etag: utf8("tag") });
    t.is(put.size, size);
    const head = await project.headObject("objects", key);
    t.deepEqual(head.custom, custom);
    t.is(head.size, size);
    t.is(utf8Text(head.etag as Uint8Array), "tag");
    t.deepEqual(Buffer.from(head.version), Buffer.from(put.version));
    t.is(head.createdAt.getTime(), put.createdAt.getTime());
    const download = await project.getObject("objects", key);
    t.is(download.length, size);
    t.true((await readAll(download.body)).equals(data), `${size} bytes`);
    const ranges: ByteRange[] = [
      { start: 0, end: 1 },
      { start: size - 1 },
      { suffix: 10 },
      { start: 7407, end: 7410 },
      { start: 299_990, end: 300_010 },
      { start: 1, end: size + 10 },
    ];
    for (const range of ranges) {
      const start = "suffix" in range ? Math.max(size - range.suffix, 0) : range.start;
      const end = "suffix" in range ? size : Math.min(range.end ?? size, size);
      if (start < 0 || start >= end) continue;
      const part = await project.getObject("objects", key, { range });
      t.is(part.offset, start);
      t.is(part.length, end - start);
      t.true((await readAll(part.body)).equals(data.subarray(start, end)), `${size} bytes, ${JSON.stringify(range)}`);
    }
  }
  const { entries } = await project.listObjects("objects", { prefix: "dir/", delimiter: "/" });
  t.is(entries.length, 11);
});

test("ranges that hold nothing", async (t) => {
  const { project } = await projectLab(t);
  await project.createBucket("ranges");
  await project.putObject("ranges", "empty", []);
  await project.putObject("ranges", "ten", [utf8("0123456789")]);
  for (const [key, range] of [
    ["empty", { start: 0 }],
    ["empty", { suffix: 1 }],
    ["ten", { start: 10 }],
    ["ten", { start: 11, end: 20 }],
    ["ten", { start: 5, end: 5 }],
    ["ten", { suffix: 0 }],
  ] as [string, ByteRange][]) {
    await t.throwsAsync(project.getObject("ranges", key, { range }), { code: "range-not-satisfiable" });
  }
});

test("metadata may be told when the body has been read", async (t) => {
  const { project } = await projectLab(t);
  await project.createBucket("late");
  const data = randomBytes(10_000);
  const hash = createHash("md5");
  async function* hashed() {
    for await (const chunk of bodyOf(data, 1000)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  let digest = "";
  const etag = async () => {
    digest = hash.digest("hex");
    return utf8(digest);
  };
  await project.putObject("late", "key", hashed(), { etag, custom: async () => ({ digest }) });
  const head = await project.headObject("late", "key");
  t.is(utf8Text(head.etag as Uint8Array), createHash("md5").update(data).digest("hex"));
  // Custom metadata is asked for first.
  t.deepEqual(head.custom, { digest: "" });
});

test("a failing body leaves nothing behind and is told", async (t) => {
  const { project } = await projectLab(t);
  await project.createBucket("broken");
  for (const size of [100, 100_000]) {
    async function* broken() {
      yield* bodyOf(randomBytes(size));
      throw new PosternError("aborted", "the client went away");
    }
    await t.throwsAsync(project.putObject("broken", "key", broken()), { code: "aborted" });
  }
  const refusing = project.putObject("broken", "key", bodyOf(randomBytes(100_000)), {
    etag: () => {
      throw new PosternError("invalid-argument", "the hash is wrong");
    },
  });
  await t.throwsAsync(refusing, { message: "the hash is wrong" });
  t.deepEqual((await project.listObjects("broken")).entries, []);
  t.deepEqual((await project.listUploads("broken")).entries, []);
});

test("a canceled upload ends at once and closes its body", async (t) => {
  const { project } = await projectLab(t);
  await project.createBucket("canceled");
  const abort = new AbortController();
  let closed = false;
  async function* endless() {
    try {
      for (let i = 0; ; i++) {
        if (i === 20) abort.abort();
        yield randomBytes(10_000);
      }
    } finally {
      closed = true;
    }
  }
  await t.throwsAsync(project.putObject("canceled", "key", endless(), { signal: abort.signal }), { code: "canceled" });
  await new Promise((resolve) => setImmediate(resolve));
  t.true(closed);
  t.deepEqual((await project.listUploads("canceled")).entries, []);
});

test("a download that is left early stops", async (t) => {
  const { project } = await projectLab(t);
  await project.createBucket("left");
  const data = randomBytes(3 * mib);
  await project.putObject("left", "key", bodyOf(data));
  const download = await project.getObject("left", "key");
  let read = 0;
  for await (const chunk of download.body) {
    read += chunk.length;
    if (read > 1000) break;
  }
  t.true(read < data.length);
  const unread = await project.getObject("left", "key");
  unread.close();
  const abort = new AbortController();
  const canceled = await project.getObject("left", "key", { signal: abort.signal });
  abort.abort();
  await t.throwsAsync(readAll(canceled.body), { code: "canceled" });
});

test("buckets", async (t) => {
  const { project } = await projectLab(t, { nodes: 0 });
  for (const name of ["ccc", "aaa", "bbb"]) await project.createBucket(name);
  t.is((await project.headBucket("aaa")).name, "aaa");
  const first = await project.listBuckets({ limit: 2 });
  t.deepEqual(
    first.buckets.map(({ name }) => name),
    ["aaa", "bbb"],
  );
  t.is(first.next, "bbb");
  const rest = await project.listBuckets({ cursor: first.next });
  t.deepEqual(
    rest.buckets.map(({ name }) => name),
    ["ccc"],
  );
  t.is(rest.next, undefined);
  await t.throwsAsync(project.createBucket("aaa"), { code: "bucket-already-exists" });
  await t.throwsAsync(project.createBucket("A_b"), { code: "bucket-name-invalid" });
  await t.throwsAsync(project.headBucket("none"), { code: "bucket-not-found" });
  await t.throwsAsync(project.deleteBucket("none"), { code: "bucket-not-found" });
  await project.putObject("aaa", "key", [utf8("x")]);
  await t.throwsAsync(project.deleteBucket("aaa"), { code: "bucket-not-empty" });
  await project.deleteBucket("aaa", { withObjects: true });
  await project.deleteBucket("bbb");
  t.is((await project.listBuckets()).buckets.length, 1);
});

test("what is not there", async (t) => {
  const { project } = await projectLab(t, { nodes: 0 });
  await project.createBucket("bucket");
  await t.throwsAsync(project.headObject("bucket", "none"), { code: "object-not-found" });
  await t.throwsAsync(project.getObject("bucket", "none"), { code: "object-not-found" });
  await t.throwsAsync(project.putObject("none", "key", [utf8("x")]), { code: "bucket-not-found" });
  await t.throwsAsync(project.listObjects("none"), { code: "bucket-not-found" });
  await t.throwsAsync(project.putObject("bucket", "", []), { code: "object-key-invalid" });
  await t.throwsAsync(project.putObject("", "key", []), { code: "bucket-name-invalid" });
  t.false((await project.deleteObject("bucket", "none")).deleted);
  await project.putObject("bucket", "key", [utf8("1")]);
  await t.throwsAsync(project.putObject("bucket", "key", [utf8("2")], { ifNoneMatch: true }), {
    code: "object-already-exists",
  });
  t.is((await readAll((await project.getObject("bucket", "key")).body)).toString(), "1");
  await project.putObject("bucket", "key", [utf8("2")]);
  t.is((await readAll((await project.getObject("bucket", "key")).body)).toString(), "2");
  t.true((await project.deleteObject("bucket", "key")).deleted);
  await t.throwsAsync(project.headObject("bucket", "key"), { code: "object-not-found" });
});

test("objects go away when they expire", async (t) => {
  const { project } = await projectLab(t, { nodes: 0 });
  await project.createBucket("bucket");
  const expiresAt = new Date(Date.now() + 3_600_000);
  const put = await project.putObject("bucket", "key", [utf8("x")], { expiresAt });
  t.is(put.expiresAt?.getTime(), expiresAt.getTime());
  t.is((await project.headObject("bucket", "key")).expiresAt?.getTime(), expiresAt.getTime());
});
