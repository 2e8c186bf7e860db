import test from "ava";
import { parseGrant } from "../../core/access/grant.js";
import { shareGrant } from "../../core/access/share.js";
import { projectLab } from "../helpers/project-lab.js";

test("buckets are tagged", async (t) => {
  const { project } = await projectLab(t, { nodes: 0 });
  await project.createBucket("bucket");
  await t.throwsAsync(project.getBucketTags("bucket"), { code: "tags-not-found" });
  const tags = [
    { key: "b", value: "2 ü" },
    { key: "a:@/", value: "" },
  ];
  await project.setBucketTags("bucket", tags);
  t.deepEqual(await project.getBucketTags("bucket"), tags);
  await t.throwsAsync(project.setBucketTags("bucket", [{ key: "<", value: "" }]), { code: "tag-invalid" });
  t.deepEqual(await project.getBucketTags("bucket"), tags);
  await project.setBucketTags("bucket", [{ key: "only", value: "one" }]);
  t.deepEqual(await project.getBucketTags("bucket"), [{ key: "only", value: "one" }]);
  await project.setBucketTags("bucket", []);
  await t.throwsAsync(project.getBucketTags("bucket"), { code: "tags-not-found" });
  await t.throwsAsync(project.getBucketTags("nobucket"), { code: "bucket-not-found" });
  await t.throwsAsync(project.setBucketTags("nobucket", tags), { code: "bucket-not-found" });
});

test("notifications need readable keys, and who may see them", async (t) => {
  const { project, grant, openGrant } = await projectLab(t, { nodes: 0 });
  await project.createBucket("bucket");
  t.is(await project.getBucketNotifications("bucket"), undefined);
  const wanted = { id: "x", topicName: "@log", events: ["s3:ObjectCreated:*"], filterPrefix: "a/" };
  // The project of this test encrypts its paths.
  await t.throwsAsync(project.setBucketNotifications("bucket", wanted), { code: "failed-precondition" });
  await t.throwsAsync(project.getBucketNotifications("nobucket"), { code: "bucket-not-found" });
  const reader = await openGrant(shareGrant(parseGrant(grant), { allowDownload: true, allowList: true }));
  await t.throwsAsync(reader.getBucketNotifications("bucket"), { code: "permission-denied" });
});

test("buckets tell where they are", async (t) => {
  const { project } = await projectLab(t, { nodes: 0 });
  await project.createBucket("bucket");
  t.is(typeof (await project.getBucketLocation("bucket")), "string");
  await t.throwsAsync(project.getBucketLocation("nobucket"), { code: "bucket-not-found" });
});
