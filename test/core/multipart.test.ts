import { randomBytes } from "node:crypto";
import test from "ava";
import type { ListObjectsOptions } from "../../core/api.js";
import { encodeBase58Check } from "../../core/bytes/base58check.js";
import { utf8, utf8Text } from "../../core/bytes/bytes.js";
import { bodyOf, projectLab, readAll } from "../helpers/project-lab.js";

const tiny = { satellite: { limits: { minPartSize: 1000 } }, uplink: { segmentSize: 50_000 } };
const tagOf = (etag: Uint8Array | undefined) => (etag === undefined ? undefined : utf8Text(etag));

test("parts in any order, some of them twice", async (t) => {
  const { project } = await projectLab(t, tiny);
  await project.createBucket("bucket");
  const parts = new Map([1, 2, 9].map((number) => [number, randomBytes(number === 9 ? 10 : 120_000 + number)]));
  const { uploadId } = await project.beginUpload("bucket", "key", { custom: { from: "begin" } });
  const put = (number: number, data: Uint8Array, etag: string) =>
    project.uploadPart("bucket", "key", uploadId, number, bodyOf(data), { etag: async () => utf8(etag) });
  await put(9, parts.get(9)!, "nine");
  await put(2, randomBytes(120_002), "old");
  t.is((await put(2, parts.get(2)!, "two")).size, 120_002);
  await put(1, parts.get(1)!, "one");

  const listed = await project.listParts("bucket", "key", uploadId);
  t.false(listed.more);
  t.deepEqual(
    listed.parts.map(({ partNumber, size, etag }) => [partNumber, size, tagOf(etag)]),
    [
      [1, 120_001, "one"],
      [2, 120_002, "two"],
      [9, 10, "nine"],
    ],
  );
  const page = await project.listParts("bucket", "key", uploadId, { after: 1, limit: 1 });
  t.deepEqual(
    page.parts.map(({ partNumber }) => partNumber),
    [2],
  );
  t.true(page.more);

  const uploads = await project.listUploads("bucket");
  t.deepEqual(
    uploads.entries.map(
      (entry) => entry.kind === "upload" && [entry.upload.key, entry.upload.uploadId, entry.upload.custom],
    ),
    [["key", uploadId, { from: "begin" }]],
  );
  await t.throwsAsync(project.headObject("bucket", "key"), { code: "object-not-found" });
  // The ETag is sealed together with the metadata of the begin.
  const committed = await project.commitUpload("bucket", "key", uploadId, { etag: utf8("whole-3") });
  t.is(committed.size, 240_013);
  const head = await project.headObject("bucket", "key");
  t.deepEqual(head.custom, { from: "begin" });
  t.is(tagOf(head.etag), "whole-3");
  const whole = Buffer.concat([parts.get(1)!, parts.get(2)!, parts.get(9)!]);
  t.true((await readAll((await project.getObject("bucket", "key")).body)).equals(whole));
  t.deepEqual(await project.objectParts("bucket", "key"), [
    { partNumber: 1, size: 120_001 },
    { partNumber: 2, size: 120_002 },
    { partNumber: 9, size: 10 },
  ]);
  const range = { start: 120_000, end: 240_005 };
  t.true(
    (await readAll((await project.getObject("bucket", "key", { range })).body)).equals(
      whole.subarray(120_000, 240_005),
    ),
  );
  t.deepEqual((await project.listUploads("bucket")).entries, []);
});

test("an object that was stored whole is its only part", async (t) => {
  const { project } = await projectLab(t, tiny);
  await project.createBucket("bucket");
  for (const size of [0, 10, 50_000, 120_001]) {
    await project.putObject("bucket", "key", bodyOf(randomBytes(size)));
    t.deepEqual(await project.objectParts("bucket", "key"), [{ partNumber: 0, size }]);
  }
  await t.throwsAsync(project.objectParts("bucket", "none"), { code: "object-not-found" });
});

test("a part that is uploaded again with fewer segments leaves nothing of the former", async (t) => {
  const { project } = await projectLab(t, { ...tiny, satellite: { limits: { minPartSize: 0 } } });
  await project.createBucket("bucket");
  const { uploadId } = await project.beginUpload("bucket", "key");
  const upload = (number: number, data: Uint8Array, etag: string) =>
    project.uploadPart("bucket", "key", uploadId, number, bodyOf(data), { etag: utf8(etag) });
  const next = randomBytes(10);
  await upload(2, next, "next");
  let wanted = Buffer.alloc(0);
  for (const size of [230_000, 70_000, 150_000, 50_000, 3, 0, 100]) {
    wanted = randomBytes(size);
    await upload(1, wanted, `of ${size}`);
    const { parts } = await project.listParts("bucket", "key", uploadId);
    t.deepEqual(
      parts.map(({ partNumber, size: listed, etag }) => [partNumber, listed, tagOf(etag)]),
      [
        [1, size, `of ${size}`],
        [2, 10, "next"],
      ],
    );
  }
  t.is((await project.commitUpload("bucket", "key", uploadId)).size, 110);
  const { body } = await project.getObject("bucket", "key");
  t.true((await readAll(body)).equals(Buffer.concat([wanted, next])));
  const range = { start: 95, end: 105 };
  const { body: some } = await project.getObject("bucket", "key", { range });
  t.true((await readAll(some)).equals(Buffer.concat([wanted, next]).subarray(95, 105)));
  await project.copyObject({ bucket: "bucket", key: "key" }, { bucket: "bucket", key: "copy" });
  const { body: copied } = await project.getObject("bucket", "copy");
  t.true((await readAll(copied)).equals(Buffer.concat([wanted, next])));
});

test("pending uploads are listed by key and age, in folders and pages", async (t) => {
  const { project } = await projectLab(t, { ...tiny, nodes: 0 });
  await project.createBucket("bucket");
  const ids: string[] = [];
  for (const key of ["b", "a/1", "a/2", "b", "c"]) ids.push((await project.beginUpload("bucket", key)).uploadId);
  await project.putObject("bucket", "a/3", [utf8("no upload")]);
  const told = async (options: ListObjectsOptions) => {
    const { entries, next } = await project.listUploads("bucket", options);
    const names = entries.map((entry) =>
      entry.kind === "prefix" ? entry.prefix : `${entry.upload.key} ${ids.indexOf(entry.upload.uploadId)}`,
    );
    return next === undefined ? names : [...names, `next ${utf8Text(next)}`];
  };
  t.deepEqual(await told({}), ["a/1 1", "a/2 2", "b 0", "b 3", "c 4"]);
  t.deepEqual(await told({ delimiter: "/" }), ["a/", "b 0", "b 3", "c 4"]);
  t.deepEqual(await told({ prefix: "a/", delimiter: "/" }), ["a/1 1", "a/2 2"]);
  t.deepEqual(await told({ limit: 3 }), ["a/1 1", "a/2 2", "next a/2"]);
  t.deepEqual(await told({ cursor: "a/2" }), ["b 0", "b 3", "c 4"]);
  await project.abortUpload("bucket", "b", ids[0]!);
  t.deepEqual(await told({ cursor: "a/2" }), ["b 3", "c 4"]);
});

test("metadata of the commit replaces that of the begin, nothing keeps it", async (t) => {
  const { project } = await projectLab(t, { ...tiny, nodes: 0 });
  await project.createBucket("bucket");
  const upload = async (key: string) => {
    const { uploadId } = await project.beginUpload("bucket", key, { custom: { from: "begin" } });
    await project.uploadPart("bucket", key, uploadId, 1, [utf8("x")]);
    return uploadId;
  };
  await project.commitUpload("bucket", "kept", await upload("kept"));
  t.deepEqual((await project.headObject("bucket", "kept")).custom, { from: "begin" });
  await project.commitUpload("bucket", "new", await upload("new"), { custom: { from: "commit" } });
  t.deepEqual((await project.headObject("bucket", "new")).custom, { from: "commit" });
  await t.throwsAsync(project.commitUpload("bucket", "new", await upload("new"), { ifNoneMatch: true }), {
    code: "object-already-exists",
  });
});

test("a part without bytes, and parts that are too small", async (t) => {
  const { project } = await projectLab(t, { ...tiny, nodes: 0 });
  await project.createBucket("bucket");
  const { uploadId } = await project.beginUpload("bucket", "key");
  t.is((await project.uploadPart("bucket", "key", uploadId, 1, [])).size, 0);
  await project.uploadPart("bucket", "key", uploadId, 2, [utf8("x")]);
  await t.throwsAsync(project.commitUpload("bucket", "key", uploadId), { code: "part-too-small" });
});

test("uploads that are no more, and ids that are none", async (t) => {
  const { project } = await projectLab(t, { ...tiny, nodes: 0 });
  await project.createBucket("bucket");
  const { uploadId } = await project.beginUpload("bucket", "key");
  await project.abortUpload("bucket", "key", uploadId);
  t.deepEqual((await project.listUploads("bucket")).entries, []);
  const notFound = { code: "upload-not-found" };
  await t.throwsAsync(project.abortUpload("bucket", "key", uploadId), notFound);
  await t.throwsAsync(project.commitUpload("bucket", "key", uploadId), notFound);
  await t.throwsAsync(project.commitUpload("bucket", "key", uploadId, { etag: utf8("x") }), notFound);
  for (const id of [
    "",
    "no id",
    "111",
    encodeBase58Check(utf8("something"), 0),
    encodeBase58Check(utf8("something"), 1),
  ]) {
    await t.throwsAsync(project.uploadPart("bucket", "key", id, 1, [utf8("x")]), notFound, id);
    await t.throwsAsync(project.listParts("bucket", "key", id), notFound, id);
  }
  for (const number of [0, -1, 1.5, 2 ** 31]) {
    await t.throwsAsync(project.uploadPart("bucket", "key", uploadId, number, []), { code: "invalid-argument" });
  }
});
