import test from "ava";
import { newGrant, parseGrant } from "../../core/access/grant.js";
import type { ListEntry, Project } from "../../core/api.js";
import { toHex, utf8 } from "../../core/bytes/bytes.js";
import { CipherSuite } from "../../core/crypto/cipher-suite.js";
import { projectLab, readAll } from "../helpers/project-lab.js";

async function text(project: Project, key: string, version?: Uint8Array): Promise<string> {
  const { body } = await project.getObject("bucket", key, { version });
  return (await readAll(body)).toString();
}

function told(entries: readonly ListEntry[]): string[] {
  return entries.map((entry) => {
    if (entry.kind === "prefix") return entry.prefix;
    const { key, size, isDeleteMarker, isLatest } = entry.object;
    return `${key}:${isDeleteMarker ? "marker" : size}${isLatest ? "*" : ""}`;
  });
}

test("versions are kept, listed, read and deleted one by one", async (t) => {
  const { project } = await projectLab(t);
  await project.createBucket("bucket");
  t.is(await project.getBucketVersioning("bucket"), "unversioned");
  await project.setBucketVersioning("bucket", true);
  t.is(await project.getBucketVersioning("bucket"), "enabled");

  const first = await project.putObject("bucket", "dir/key", [utf8("1")], { etag: utf8("one") });
  const second = await project.putObject("bucket", "dir/key", [utf8("22")]);
  t.true(first.versioned);
  await project.putObject("bucket", "a", [utf8("333")]);
  t.is(await text(project, "dir/key"), "22");
  t.is(await text(project, "dir/key", first.version), "1");
  t.is((await project.headObject("bucket", "dir/key", { version: first.version })).size, 1);

  const gone = await project.deleteObject("bucket", "dir/key");
  t.true(gone.deleted && gone.isDeleteMarker);
  await t.throwsAsync(text(project, "dir/key"), { code: "object-not-found" });
  await t.throwsAsync(text(project, "dir/key", gone.version), { code: "method-not-allowed" });
  t.is(await text(project, "dir/key", second.version), "22");

  const { entries } = await project.listVersions("bucket");
  t.deepEqual(told(entries), ["a:3*", "dir/key:marker*", "dir/key:2", "dir/key:1"]);
  const oldest = entries.at(-1);
  t.is(oldest?.kind === "object" ? toHex(oldest.object.version) : "", toHex(first.version));
  t.is(oldest?.kind === "object" ? Buffer.from(oldest.object.etag ?? []).toString() : "", "one");
  t.deepEqual(told((await project.listVersions("bucket", { delimiter: "/" })).entries), ["a:3*", "dir/"]);
  t.deepEqual(told((await project.listObjects("bucket")).entries), ["a:3"]);

  const removed = await project.deleteObject("bucket", "dir/key", { version: gone.version });
  t.true(removed.deleted && removed.isDeleteMarker);
  t.is(await text(project, "dir/key"), "22");
  await project.deleteObject("bucket", "dir/key", { version: second.version });
  t.is(await text(project, "dir/key"), "1");
  t.false((await project.deleteObject("bucket", "dir/key", { version: second.version })).deleted);

  await project.setBucketVersioning("bucket", false);
  t.is(await project.getBucketVersioning("bucket"), "suspended");
});

test("versions of a key are listed over page ends", async (t) => {
  const { project } = await projectLab(t);
  await project.createBucket("bucket");
  await project.setBucketVersioning("bucket", true);
  for (let size = 1; size <= 5; size++) await project.putObject("bucket", "k", [new Uint8Array(size)]);
  await project.putObject("bucket", "k/x", [new Uint8Array(6)]);
  for (const delimiter of ["", "/"]) {
    const seen: string[] = [];
    let cursor: Uint8Array | undefined;
    let versionCursor: Uint8Array | undefined;
    for (;;) {
      const page = await project.listVersions("bucket", { cursor, versionCursor, delimiter, limit: 2 });
      seen.push(...told(page.entries));
      if (page.next === undefined) break;
      cursor = page.next;
      versionCursor = page.nextVersion;
    }
    t.deepEqual(seen, ["k:5*", "k:4", "k:3", "k:2", "k:1", delimiter === "" ? "k/x:6*" : "k/"]);
  }
});

test("versions of a key that is the prefix itself are listed over page ends, with readable keys, too", async (t) => {
  const { grant, openGrant } = await projectLab(t, { nodes: 0 });
  const { satelliteAddress, apiKey } = parseGrant(grant);
  const readable = { satelliteAddress, apiKey, rootKey: new Uint8Array(32), pathCipher: CipherSuite.Null };
  const project = await openGrant(newGrant(readable));
  await project.createBucket("bucket");
  await project.setBucketVersioning("bucket", true);
  for (let size = 1; size <= 5; size++) await project.putObject("bucket", "p", [new Uint8Array(size)]);
  for (const key of ["p/x", "q"]) await project.putObject("bucket", key, [new Uint8Array(6)]);
  for (const limit of [1, 2, 3]) {
    const seen: string[] = [];
    let cursor: Uint8Array | undefined;
    let versionCursor: Uint8Array | undefined;
    do {
      const page = await project.listVersions("bucket", { prefix: "p", cursor, versionCursor, limit });
      seen.push(...told(page.entries));
      cursor = page.next;
      versionCursor = page.nextVersion;
    } while (cursor !== undefined && seen.length < 10);
    t.deepEqual(seen, ["p:5*", "p:4", "p:3", "p:2", "p:1", "p/x:6*"], `limit ${limit}`);
  }
});

test("many objects are deleted at once", async (t) => {
  const { project } = await projectLab(t);
  await project.createBucket("bucket");
  const keys = Array.from({ length: 12 }, (_, index) => `key-${index}`);
  for (const key of keys) await project.putObject("bucket", key, [utf8(key)]);
  const results = await project.deleteObjects(
    "bucket",
    [...keys, "none"].map((key) => ({ key })),
  );
  t.deepEqual(
    results.map(({ key, status }) => `${key} ${status}`),
    [...keys.map((key) => `${key} ok`), "none not-found"],
  );
  t.deepEqual((await project.listObjects("bucket")).entries, []);

  await project.setBucketVersioning("bucket", true);
  const { version } = await project.putObject("bucket", "v", [utf8("v")]);
  const [hidden] = await project.deleteObjects("bucket", [{ key: "v" }]);
  t.true(hidden?.marker?.isDeleteMarker);
  const [gone] = await project.deleteObjects("bucket", [{ key: "v", version }]);
  t.is(gone?.removed && toHex(gone.removed.version), toHex(version));
  await t.throwsAsync(project.deleteObjects("nobucket", [{ key: "v" }]), { code: "bucket-not-found" });
});
