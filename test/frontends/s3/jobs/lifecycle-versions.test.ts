import test from "ava";
import type { ObjectInfo, Project } from "../../../../core/index.js";
import { runLifecycle } from "../../../../frontends/s3/jobs/lifecycle-run.js";
import type { LifecycleRule } from "../../../../frontends/s3/settings/sections.js";
import { projectLab } from "../../../helpers/project-lab.js";

const dayMs = 86_400_000;
const base: LifecycleRule = { id: "r", enabled: true, form: "prefix", filter: { tags: [] } };

function run(project: Project, rule: Partial<LifecycleRule>, days: number) {
  const now = Date.now() + days * dayMs;
  return runLifecycle({
    project,
    bucket: "bucket",
    rules: [{ ...base, ...rule }],
    now,
    dayMs,
    signal: new AbortController().signal,
  });
}

async function versionsOf(project: Project): Promise<ObjectInfo[]> {
  const { entries } = await project.listVersions("bucket");
  return entries.flatMap((entry) => (entry.kind === "object" ? [entry.object] : []));
}

const shapeOf = (versions: readonly ObjectInfo[]) =>
  versions.map(({ key, isDeleteMarker }) => (isDeleteMarker ? `${key} -` : key));

test("versions: expiry hides, noncurrent ones go, markers with nothing behind them go", async (t) => {
  const { project } = await projectLab(t, { nodes: 0 });
  await project.createBucket("bucket");
  await project.setBucketVersioning("bucket", true);
  const put = (key: string, text: string) => project.putObject("bucket", key, [Buffer.from(text)]);
  for (const text of ["1", "2", "3", "4"]) await put("a", text);
  await put("c", "1");

  // Two gateways at once: the newest versions get one delete marker each.
  const expiration = { days: 1 };
  const tallies = await Promise.all([run(project, { expiration }, 3), run(project, { expiration }, 3)]);
  t.true(tallies.every(({ failed }) => failed === 0));
  t.true(shapeOf(await versionsOf(project)).filter((shape) => shape === "a -").length <= 2);
  t.like(await run(project, { expiration }, 3), { expired: 0, versionsRemoved: 0 });
  t.is((await project.listObjects("bucket")).entries.length, 0);

  // The newest two noncurrent ones are kept.
  const markers = shapeOf(await versionsOf(project)).filter((shape) => shape.endsWith("-")).length;
  await run(project, { noncurrent: { days: 1, newer: 2 } }, 3);
  t.is((await versionsOf(project)).filter(({ key }) => key === "a").length, 3);
  t.like(await run(project, { noncurrent: { days: 1 } }, 0), { versionsRemoved: 0 });
  await run(project, { noncurrent: { days: 1 } }, 3);
  t.deepEqual(shapeOf(await versionsOf(project)), ["a -", "c -"], `of ${markers} markers`);

  // One in front of an object stays.
  await put("a", "5");
  await project.deleteObject("bucket", "a");
  await run(project, { expiration: { deleteMarkers: true } }, 0);
  t.deepEqual(shapeOf(await versionsOf(project)), ["a -", "a", "a -"]);
});

test("a version that is written while an old one expires is not hidden; what is locked stays", async (t) => {
  const { project } = await projectLab(t, { nodes: 0 });
  await project.createBucket("bucket", { objectLock: true });
  const put = (key: string, text: string, options: object = {}) =>
    project.putObject("bucket", key, [Buffer.from(text)], options);
  await put("new", "old");
  await put("locked", "1", { legalHold: true });
  await put("locked", "2");
  let raced = false;
  const racing: Project = {
    ...project,
    async headObject(bucket, key, options) {
      if (!raced && Buffer.from(key).toString() === "new") {
        raced = true;
        await put("new", "new");
      }
      return await project.headObject(bucket, key, options);
    },
  };
  t.like(await run(racing, { expiration: { days: 1 } }, 3), { expired: 1 });
  t.true(raced);
  t.is((await project.headObject("bucket", "new")).size, 3);
  t.like(await run(project, { noncurrent: { days: 1 } }, 3), { failed: 1 });
  t.deepEqual(
    shapeOf(await versionsOf(project)).filter((shape) => shape.startsWith("locked")),
    ["locked -", "locked"],
  );
});
