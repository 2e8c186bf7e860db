import test from "ava";
import { utf8 } from "../../core/bytes/bytes.js";
import { projectLab } from "../helpers/project-lab.js";

test("metadata of uploads are found by their ids, however they were begun", async (t) => {
  const { project } = await projectLab(t);
  await project.createBucket("locked", { objectLock: true });
  const retention = { mode: "governance", retainUntil: new Date(Date.now() + 3_600_000) } as const;
  for (const lock of [{}, { retention }, { legalHold: true }]) {
    const key = `dir/${Object.keys(lock)}`;
    const custom = { for: key };
    const { uploadId } = await project.beginUpload("locked", key, { custom, ...lock });
    t.deepEqual(await project.uploadMetadata("locked", key, uploadId), custom);
    await t.throwsAsync(project.uploadMetadata("locked", "dir/other", uploadId), { code: "upload-not-found" });
    await project.abortUpload("locked", key, uploadId);
    await t.throwsAsync(project.uploadMetadata("locked", key, uploadId), { code: "upload-not-found" });
  }
});

test("objects are locked by retention, default retention and legal hold", async (t) => {
  const { project } = await projectLab(t);
  await project.createBucket("plain");
  await t.throwsAsync(project.getObjectLockConfiguration("plain"), { code: "lock-not-enabled" });
  await project.createBucket("locked", { objectLock: true });
  t.is(await project.getBucketVersioning("locked"), "enabled");
  t.deepEqual(await project.getObjectLockConfiguration("locked"), { enabled: true });
  await t.throwsAsync(project.setBucketVersioning("locked", false), { code: "lock-state-invalid" });

  const retainUntil = new Date(Date.now() + 3_600_000);
  retainUntil.setMilliseconds(0);
  const retention = { mode: "governance", retainUntil } as const;
  const { version } = await project.putObject("locked", "k", [utf8("x")], { retention });
  t.deepEqual((await project.headObject("locked", "k")).retention, retention);
  t.deepEqual(await project.getRetention("locked", "k", { version }), retention);
  await t.throwsAsync(project.deleteObject("locked", "k", { version }), { code: "object-protected" });
  t.is((await project.deleteObjects("locked", [{ key: "k", version }]))[0]?.status, "locked");
  await t.throwsAsync(project.setRetention("locked", "k", undefined, { version }), { code: "object-protected" });
  await project.setRetention("locked", "k", undefined, { version, bypassGovernance: true });
  await t.throwsAsync(project.getRetention("locked", "k"), { code: "retention-not-found" });

  t.false(await project.getLegalHold("locked", "k"));
  await project.setLegalHold("locked", "k", true, { version });
  t.true((await project.headObject("locked", "k")).legalHold);
  await t.throwsAsync(project.deleteObject("locked", "k", { version, bypassGovernance: true }), {
    code: "object-protected",
  });
  await project.setLegalHold("locked", "k", false);
  t.true((await project.deleteObject("locked", "k", { version })).deleted);

  const defaultRetention = { mode: "compliance", days: 1 } as const;
  await project.setObjectLockConfiguration("locked", { enabled: true, defaultRetention });
  t.deepEqual(await project.getObjectLockConfiguration("locked"), { enabled: true, defaultRetention });
  const held = await project.putObject("locked", "d", [utf8("x")]);
  t.is((await project.getRetention("locked", "d")).mode, "compliance");
  await t.throwsAsync(project.deleteObject("locked", "d", { version: held.version, bypassGovernance: true }), {
    code: "object-protected",
  });
  const both = { mode: "governance", days: 1, years: 1 } as const;
  await t.throwsAsync(project.setObjectLockConfiguration("locked", { enabled: true, defaultRetention: both }), {
    code: "lock-configuration-invalid",
  });

  const { uploadId } = await project.beginUpload("locked", "m", { retention, legalHold: true });
  await project.uploadPart("locked", "m", uploadId, 1, [utf8("part")]);
  const committed = await project.commitUpload("locked", "m", uploadId);
  t.deepEqual(await project.getRetention("locked", "m"), retention);
  t.true(await project.getLegalHold("locked", "m", { version: committed.version }));
});
