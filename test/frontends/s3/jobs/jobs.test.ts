import test, { type ExecutionContext } from "ava";
import { PosternError, type Project } from "../../../../core/index.js";
import type { BucketSettingsStore } from "../../../../core/settings/bucket-settings-store.js";
import { createJobs, type Jobs } from "../../../../frontends/s3/jobs/jobs.js";
import { deferred } from "../../../helpers/deferred.js";
import { type GatewayLab, gatewayLab, labProject } from "../../../helpers/gateway-lab.js";
import { settle } from "../../../helpers/manual-clock.js";
import { createMemoryProject } from "../../../helpers/memory-project.js";

const minute = 60_000;
const hour = 60 * minute;
const dayMs = 86_400_000;
const lifecycle = JSON.stringify([
  { id: "all", enabled: true, form: "prefix", filter: { tags: [] }, expiration: { days: 1 } },
]);

function start(t: ExecutionContext, lab: GatewayLab, project: Project, store?: BucketSettingsStore): Jobs {
  const { settings, projects, log } = lab.gateway(project, store);
  const { now, schedule } = lab.clock;
  const jobs = createJobs({ settings, projects, log, everyMs: hour, dayMs, now, schedule });
  t.teardown(() => jobs.stop());
  return jobs;
}

/** A project that counts the looks at each bucket; `look` may fail or wait in its place. */
function counting(look: (bucket: string, signal: AbortSignal | undefined) => Promise<void> = async () => {}) {
  const project = createMemoryProject();
  const looks: string[] = [];
  const counted: Project = {
    ...project,
    async listVersions(bucket, options) {
      looks.push(bucket);
      await look(bucket, options?.signal);
      return await project.listVersions(bucket, options);
    },
  };
  return { project: counted, looks };
}

const warnings = (lab: GatewayLab) => lab.lines.filter(({ level }) => level === "warn");

test("every hour, and objects go when they are due", async (t) => {
  const lab = gatewayLab(t);
  const { project, looks } = counting();
  await project.createBucket("b");
  await project.putObject("b", "a", [Buffer.from("a")]);
  await lab.set("b", { lifecycle });
  await lab.set("other", { cors: "[]" });
  start(t, lab, project);
  t.deepEqual(looks, []);
  await lab.clock.advance(minute);
  t.deepEqual(looks, ["b"], "soon after the start");
  start(t, lab, project);
  await lab.clock.advance(minute);
  t.deepEqual(looks, ["b"], "a gateway that restarts finds that it is done");
  t.is((await project.listObjects("b")).entries.length, 1);
  await lab.clock.advance(48 * hour);
  t.is(looks.length, 49, "once an hour, by either of the two");
  t.is((await project.listObjects("b")).entries.length, 0);
  t.deepEqual(warnings(lab), []);
});

test("several gateways on one store do a bucket once, also when they begin at the same time", async (t) => {
  const lab = gatewayLab(t);
  const { project, looks } = counting();
  for (const bucket of ["b1", "b2", "b3"]) {
    await project.createBucket(bucket);
    await lab.set(bucket, { lifecycle });
  }
  const gateways = [start(t, lab, project), start(t, lab, project), start(t, lab, project)];
  await Promise.all(gateways.map((jobs) => jobs.round()));
  t.deepEqual(looks.toSorted(), ["b1", "b2", "b3"]);
  await lab.clock.advance(minute + hour);
  t.is(looks.length, 6);
  t.deepEqual(warnings(lab), []);
});

test("a bucket of a gateway that died is another's in the next hour", async (t) => {
  const lab = gatewayLab(t);
  const hanging = deferred<void>();
  const dead = counting(async (_, signal) => {
    signal?.addEventListener("abort", () => hanging.reject(new PosternError("canceled", "stopped")));
    await hanging.promise;
  });
  await dead.project.createBucket("b");
  await lab.set("b", { lifecycle });
  const first = start(t, lab, dead.project);
  void first.round();
  await settle();
  t.deepEqual(dead.looks, ["b"]);
  const { project, looks } = counting();
  await project.createBucket("b");
  const second = start(t, lab, project);
  await second.round();
  t.deepEqual(looks, [], "it may be at work");
  await lab.clock.advance(minute + hour);
  t.deepEqual(looks, ["b"]);
});

test("buckets that fail or hang do not keep others from their turn", async (t) => {
  const lab = gatewayLab(t);
  const hanging = deferred<void>();
  const { project, looks } = counting(async (bucket) => {
    if (bucket === "a-fails") throw new PosternError("unavailable", "satellite is down");
    if (bucket.startsWith("a-hangs")) await hanging.promise;
  });
  const buckets = ["a-fails", "a-hangs-1", "a-hangs-2", "a-hangs-3", ...Array.from({ length: 20 }, (_, i) => `b${i}`)];
  for (const bucket of buckets) {
    await project.createBucket(bucket);
    await lab.set(bucket, { lifecycle });
  }
  await lab.settings.change({ ...labProject, bucket: "no-grant" }, () => ({ sections: { lifecycle }, grant: "none" }));
  const jobs = start(t, lab, project);
  const round = jobs.round();
  await settle();
  t.deepEqual(looks.toSorted(), buckets.toSorted());
  t.is(jobs.round(), round, "a round during a round is that round");
  t.like(warnings(lab), { length: 1, 0: { fields: { bucket: "a-fails" } } });
  hanging.resolve();
  await round;
});

test("a stop ends what runs and begins nothing more", async (t) => {
  const lab = gatewayLab(t);
  const ended: string[] = [];
  const { project, looks } = counting(async (bucket, signal) => {
    await new Promise((_, reject) =>
      signal!.addEventListener("abort", () => {
        ended.push(bucket);
        reject(new PosternError("canceled", "stopped"));
      }),
    );
  });
  for (let i = 0; i < 9; i++) {
    await project.createBucket(`b${i}`);
    await lab.set(`b${i}`, { lifecycle });
  }
  const jobs = start(t, lab, project);
  const round = jobs.round();
  await settle();
  t.is(looks.length, 4, "so many at a time");
  await jobs.stop();
  await round;
  t.is(looks.length, 4);
  t.is(ended.length, 4);
  t.is(lab.clock.waiting, 0);
  await jobs.round();
  jobs.lifecycleChanged(labProject, "b8");
  await lab.clock.advance(hour);
  t.is(looks.length, 4);
  t.deepEqual(warnings(lab), [], "a stop is no failure");
});

test("rules that change are applied soon, once for all changes, whoever did the bucket last", async (t) => {
  const lab = gatewayLab(t);
  const { project, looks } = counting();
  await project.createBucket("b");
  const id = await lab.set("b", { lifecycle });
  const jobs = start(t, lab, project);
  await jobs.round();
  t.is(looks.length, 1);
  for (let i = 0; i < 10; i++) {
    jobs.lifecycleChanged(labProject, "b");
    await lab.clock.advance(500);
  }
  t.is(looks.length, 1);
  await lab.clock.advance(500);
  t.is(looks.length, 2);
  jobs.lifecycleChanged(labProject, "b");
  await lab.settings.delete(id);
  await lab.clock.advance(2000);
  t.is(looks.length, 2, "rules that are gone are not applied");
  t.is(await lab.settings.get(id), undefined, "nor brought back by a claim");
});

test("a database that fails is tried again in the next round", async (t) => {
  const lab = gatewayLab(t);
  const { project, looks } = counting();
  await project.createBucket("b");
  await lab.set("b", { lifecycle });
  let down: "list" | "write" | undefined = "list";
  const store: BucketSettingsStore = {
    ...lab.store,
    async list(...args) {
      if (down === "list") throw new PosternError("unavailable", "no database");
      return await lab.store.list(...args);
    },
    async write(...args) {
      if (down === "write") throw new PosternError("unavailable", "no database");
      return await lab.store.write(...args);
    },
  };
  start(t, lab, project, store);
  await lab.clock.advance(minute);
  down = "write";
  await lab.clock.advance(hour);
  t.deepEqual(looks, [], "without a claim nothing is done");
  t.is(warnings(lab).length, 2);
  down = undefined;
  await lab.clock.advance(hour);
  t.deepEqual(looks, ["b"]);
});

test("marks of deleted buckets and notes of old uploads are removed in time", async (t) => {
  const lab = gatewayLab(t);
  const { project } = counting();
  const id = await lab.set("gone", { gone: JSON.stringify(lab.clock.now()) });
  const jobs = start(t, lab, project);
  await jobs.round();
  t.not(await lab.settings.get(id), undefined);
  await lab.clock.advance(25 * hour);
  t.is(await lab.settings.get(id), undefined);
});
