import test from "ava";
import { type Key, PosternError, type Project } from "../../../../core/index.js";
import { type LifecycleRun, runLifecycle } from "../../../../frontends/s3/jobs/lifecycle-run.js";
import { daysAfter, expiryHeaders } from "../../../../frontends/s3/lifecycle-expiry.js";
import { lifecycleOfDocument } from "../../../../frontends/s3/settings/lifecycle.js";
import type { LifecycleRule } from "../../../../frontends/s3/settings/sections.js";
import { readXml } from "../../../../frontends/s3/xml/read.js";
import { createMemoryProject } from "../../../helpers/memory-project.js";

const dayMs = 86_400_000;
const none = { expired: 0, versionsRemoved: 0, uploadsAborted: 0, failed: 0 };

function rulesOf(...rules: string[]): LifecycleRule[] {
  const text = rules.map((rule) => `<Rule><Status>Enabled</Status>${rule}</Rule>`).join("");
  return lifecycleOfDocument(
    readXml(Buffer.from(`<LifecycleConfiguration>${text}</LifecycleConfiguration>`), "LifecycleConfiguration"),
  );
}

const expireAfter = (days: number, filter: string): string =>
  `<Filter>${filter}</Filter><Expiration><Days>${days}</Days></Expiration>`;

function run(project: Project, rules: readonly LifecycleRule[], now: number, init: Partial<LifecycleRun> = {}) {
  return runLifecycle({ project, bucket: "b", rules, now, dayMs, signal: new AbortController().signal, ...init });
}

async function projectWith(keys: readonly string[], custom: Record<string, string> = {}): Promise<Project> {
  const project = createMemoryProject();
  await project.createBucket("b");
  for (const key of keys) await project.putObject("b", key, [Buffer.from(key)], { custom });
  return project;
}

async function keysOf(project: Project): Promise<string[]> {
  const { entries } = await project.listObjects("b");
  return entries.flatMap((entry) => (entry.kind === "object" ? [entry.object.key] : []));
}

test("objects go at the first midnight after their days, and not a moment earlier", async (t) => {
  const project = await projectWith(["logs/a", "logs/b", "other"]);
  const rules = rulesOf(expireAfter(1, "<Prefix>logs/</Prefix>"));
  const { createdAt } = await project.headObject("b", "logs/b");
  const due = daysAfter(createdAt.getTime(), 1, dayMs);
  t.true(due - createdAt.getTime() >= dayMs && due % dayMs === 0);
  t.deepEqual(await run(project, rules, due - 1), none);
  t.deepEqual(await run(project, rules, due), { ...none, expired: 2 });
  t.deepEqual(await keysOf(project), ["other"]);
  t.deepEqual(await run(project, rules, due), none, "a second time there is nothing to do");
});

test("what the header promises is what happens", async (t) => {
  const project = await projectWith(["a"]);
  const rules = rulesOf(`<ID>my rule</ID>${expireAfter(3, "")}`);
  const subject = { ...(await project.headObject("b", "a")), tags: new Map<string, string>() };
  const header = expiryHeaders(rules, subject, dayMs)["x-amz-expiration"] ?? "";
  const at = Date.parse(/expiry-date="([^"]*)"/.exec(header)?.[1] ?? "");
  t.regex(header, /rule-id="my%20rule"$/);
  t.deepEqual(await run(project, rules, at - 1), none);
  t.like(await run(project, rules, at), { expired: 1 });
});

test("filters: size, tags, several of them, dates, and rules that are off", async (t) => {
  const project = await projectWith(["1", "22", "333", "4444"], { "s3:tags": "a=b&c=d" });
  await project.putObject("b", "untagged", [Buffer.from("22")], {});
  const later = Date.now() + 3 * dayMs;
  const off = rulesOf(expireAfter(1, "")).map((rule) => ({ ...rule, enabled: false }));
  t.deepEqual(await run(project, off, later), none);
  const tag = (key: string, value: string) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`;
  t.deepEqual(await run(project, rulesOf(expireAfter(1, tag("a", "x"))), later), none);
  const between = "<ObjectSizeGreaterThan>1</ObjectSizeGreaterThan><ObjectSizeLessThan>4</ObjectSizeLessThan>";
  const both = rulesOf(expireAfter(1, `<And>${tag("a", "b")}${tag("c", "d")}${between}</And>`));
  t.like(await run(project, both, later), { expired: 2 });
  t.deepEqual(await keysOf(project), ["1", "4444", "untagged"]);
  t.like(await run(project, rulesOf(expireAfter(1, `<Prefix>4</Prefix>${tag("c", "d")}`)), later), { expired: 1 });
  const date = (text: string) => rulesOf(`<Prefix></Prefix><Expiration><Date>${text}</Date></Expiration>`);
  t.deepEqual(await run(project, date("2100-01-01T00:00:00Z"), later), none);
  t.like(await run(project, date("2020-01-01T00:00:00Z"), later), { expired: 2 });
  t.deepEqual(await keysOf(project), []);
});

test("goes through all pages", async (t) => {
  const project = await projectWith(Array.from({ length: 25 }, (_, i) => `key-${i}`));
  const paged: Project = {
    ...project,
    listVersions: (bucket, options) => project.listVersions(bucket, { ...options, limit: 4 }),
  };
  t.like(await run(paged, rulesOf(expireAfter(1, "")), Date.now() + 3 * dayMs), { expired: 25 });
});

test("an object that is replaced between look and deletion stays", async (t) => {
  const project = await projectWith(["a", "b"]);
  const racing: Project = {
    ...project,
    async deleteObjects(...args) {
      await project.putObject("b", "a", [Buffer.from("new")]);
      return await project.deleteObjects(...args);
    },
  };
  t.like(await run(racing, rulesOf(expireAfter(1, "")), Date.now() + 3 * dayMs), { expired: 1, failed: 0 });
  t.deepEqual(await keysOf(project), ["a"]);
});

test("unfinished uploads are aborted; one that is gone in the meantime is no failure", async (t) => {
  const project = await projectWith([]);
  const begin = async (key: Key) => (await project.beginUpload("b", key)).uploadId;
  const ids = [await begin("tmp/a"), await begin("tmp/b"), await begin("kept"), await begin(Buffer.from([0xff, 0x41]))];
  const rules = rulesOf(
    "<Prefix>tmp/</Prefix><AbortIncompleteMultipartUpload><DaysAfterInitiation>2</DaysAfterInitiation></AbortIncompleteMultipartUpload>",
  );
  const racing: Project = {
    ...project,
    async abortUpload(bucket, key, uploadId, options) {
      if (uploadId === ids[0]) await project.abortUpload(bucket, key, uploadId);
      return await project.abortUpload(bucket, key, uploadId, options);
    },
  };
  t.deepEqual(await run(racing, rules, Date.now() + dayMs), none);
  t.like(await run(racing, rules, Date.now() + 4 * dayMs), { uploadsAborted: 1 });
  t.is((await project.listUploads("b")).entries.length, 2);
});

test("a satellite that fails ends the run; what it refuses to delete is counted", async (t) => {
  const project = await projectWith(["a", "b"]);
  const rules = rulesOf(expireAfter(1, ""));
  const down = async () => {
    throw new PosternError("unavailable", "satellite is down");
  };
  const later = Date.now() + 3 * dayMs;
  await t.throwsAsync(run({ ...project, listVersions: down }, rules, later), { code: "unavailable" });
  await t.throwsAsync(run({ ...project, deleteObjects: down }, rules, later), { code: "unavailable" });
  const locked: Project = {
    ...project,
    deleteObjects: async (_, objects) =>
      objects.map(({ key }) => ({
        key: String(key),
        keyBytes: Buffer.from(key),
        status: "locked",
        removed: undefined,
        marker: undefined,
      })),
  };
  t.deepEqual(await run(locked, rules, later), { ...none, failed: 2 });
  t.deepEqual(await keysOf(project), ["a", "b"]);
});

test("rules that could not do what they say are refused", (t) => {
  const abort =
    "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload>";
  const tag = "<Tag><Key>a</Key><Value>b</Value></Tag>";
  const refused = (rule: string) => (t.throws(() => rulesOf(rule)) as Error & { code: string }).code;
  t.is(refused(`<Filter>${tag}</Filter>${abort}`), "InvalidRequest");
  t.is(refused(`<Filter><ObjectSizeLessThan>5</ObjectSizeLessThan></Filter>${abort}`), "InvalidRequest");
  const markers = "<Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>";
  t.is(refused(`<Filter>${tag}</Filter>${markers}`), "InvalidRequest");
  t.is(refused(`<Filter><Prefix>a</Prefix><And><Prefix>b</Prefix>${tag}</And></Filter>${markers}`), "MalformedXML");
  const transition = (inside: string) => `<Prefix></Prefix><Transition>${inside}</Transition>`;
  t.is(refused(transition("<Date>20220927</Date><StorageClass>GLACIER</StorageClass>")), "MalformedXML");
  t.is(refused(transition("<Days>1</Days><StorageClass>GLACIER</StorageClass>")), "NotImplemented");
});
