import { randomBytes } from "node:crypto";
import test from "ava";
import { parseGrant, serializeGrant } from "../../core/access/grant.js";
import { shareGrant } from "../../core/access/share.js";
import { utf8, utf8Text } from "../../core/bytes/bytes.js";
import { bodyOf, projectLab, readAll } from "../helpers/project-lab.js";

test("copies and moves carry content, metadata and ETag to another path", async (t) => {
  const { project } = await projectLab(t, { uplink: { segmentSize: 300_000 } });
  await project.createBucket("from");
  await project.createBucket("target");
  for (const size of [0, 1, 5000, 700_000]) {
    const data = randomBytes(size);
    const custom = { "content-type": "text/plain", size: String(size) };
    await project.putObject("from", "a/b", bodyOf(data), { custom, etag: utf8("tag") });
    const copy = await project.copyObject({ bucket: "from", key: "a/b" }, { bucket: "target", key: "ü//c/" });
    t.is(copy.size, size);
    t.deepEqual(copy.custom, custom);
    t.is(utf8Text(copy.etag as Uint8Array), "tag");
    await project.moveObject({ bucket: "target", key: "ü//c/" }, { bucket: "target", key: "moved" });
    await t.throwsAsync(project.headObject("target", "ü//c/"), { code: "object-not-found" });
    const { info, body } = await project.getObject("target", "moved");
    t.deepEqual(info.custom, custom);
    t.true((await readAll(body)).equals(data), `${size} bytes`);
    t.true((await readAll((await project.getObject("from", "a/b")).body)).equals(data));

    const replace = { custom: { other: "x" }, etag: utf8("new") };
    const other = await project.copyObject(
      { bucket: "target", key: "moved" },
      { bucket: "target", key: "moved" },
      { replace },
    );
    t.deepEqual(other.custom, replace.custom);
    t.is(utf8Text((await project.headObject("target", "moved")).etag as Uint8Array), "new");
    const bare = await project.copyObject(
      { bucket: "target", key: "moved" },
      { bucket: "target", key: "bare" },
      { replace: { custom: {} } },
    );
    t.deepEqual([bare.custom, bare.etag, bare.size], [{}, undefined, size]);
    t.true((await readAll((await project.getObject("target", "moved")).body)).equals(data));
  }
  const at = { bucket: "target", key: "moved" };
  await t.throwsAsync(project.copyObject(at, { bucket: "from", key: "a/b" }, { ifNoneMatch: true }), {
    code: "object-already-exists",
  });
  await t.throwsAsync(project.copyObject({ bucket: "target", key: "none" }, at), { code: "object-not-found" });
  await t.throwsAsync(project.moveObject({ bucket: "target", key: "none" }, at), { code: "object-not-found" });
});

test("a version is copied", async (t) => {
  const { project } = await projectLab(t);
  await project.createBucket("bucket");
  await project.setBucketVersioning("bucket", true);
  const { version } = await project.putObject("bucket", "key", [utf8("old")]);
  await project.putObject("bucket", "key", [utf8("new")]);
  await project.copyObject({ bucket: "bucket", key: "key", version }, { bucket: "bucket", key: "copy" });
  t.is((await readAll((await project.getObject("bucket", "copy")).body)).toString(), "old");
});

test("metadata is replaced, and the ETag kept or replaced", async (t) => {
  const { project } = await projectLab(t, { uplink: { segmentSize: 300_000 } });
  await project.createBucket("bucket");
  const data = randomBytes(650_000);
  await project.putObject("bucket", "key", bodyOf(data), { custom: { a: "1" }, etag: utf8("tag") });
  await project.updateMetadata("bucket", "key", { custom: { b: "2" } });
  let head = await project.headObject("bucket", "key");
  t.deepEqual(head.custom, { b: "2" });
  t.is(utf8Text(head.etag as Uint8Array), "tag");
  await project.updateMetadata("bucket", "key", { custom: {}, etag: utf8("next") });
  head = await project.headObject("bucket", "key");
  t.deepEqual(head.custom, {});
  t.is(utf8Text(head.etag as Uint8Array), "next");
  t.true((await readAll((await project.getObject("bucket", "key")).body)).equals(data));
  await t.throwsAsync(project.updateMetadata("bucket", "none", { custom: {} }), { code: "object-not-found" });
});

test("parts are copied from ranges of objects", async (t) => {
  const { project } = await projectLab(t, { satellite: { limits: { minPartSize: 0 } } });
  await project.createBucket("bucket");
  const data = randomBytes(100_000);
  await project.putObject("bucket", "source", bodyOf(data));
  const { uploadId } = await project.beginUpload("bucket", "target");
  const source = { bucket: "bucket", key: "source" };
  await project.copyPart("bucket", "target", uploadId, 2, source, { etag: utf8("b") });
  const part = await project.copyPart("bucket", "target", uploadId, 1, source, { range: { start: 10, end: 20 } });
  t.is(part.size, 10);
  await project.commitUpload("bucket", "target", uploadId);
  const { body } = await project.getObject("bucket", "target");
  t.true((await readAll(body)).equals(Buffer.concat([data.subarray(10, 20), data])));
});

test("grants are revoked, with all that was derived from them", async (t) => {
  const { project, grant, openGrant } = await projectLab(t);
  await project.createBucket("bucket");
  const permission = { allowDownload: true, allowList: true, allowUpload: true, allowDelete: true };
  const shared = shareGrant(parseGrant(grant), permission, []);
  const further = shareGrant(shared, { ...permission, allowUpload: false }, []);
  const derived = await openGrant(serializeGrant(further));
  await derived.listObjects("bucket");
  await t.throwsAsync(derived.revokeAccess(grant), { code: "permission-denied" });
  await project.revokeAccess(serializeGrant(shared));
  await t.throwsAsync(derived.listObjects("bucket"), { code: "permission-denied" });
  await project.listObjects("bucket");
});

test("tells of the project and of where the pieces are", async (t) => {
  const { project } = await projectLab(t);
  await project.createBucket("bucket");
  const { publicId, createdAt } = await project.projectInfo();
  t.is(publicId?.length, 16);
  t.true(createdAt instanceof Date);
  await project.putObject("bucket", "key", bodyOf(randomBytes(50_000)));
  const placement = await project.objectPlacement("bucket", "key");
  t.is(placement.segmentCount, 1);
  t.true(placement.pieceCount >= 8);
  t.regex(placement.addresses[0] ?? "", /^127\.0\.0\.1:\d+$/);
});
