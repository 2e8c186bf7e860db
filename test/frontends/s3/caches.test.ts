import test from "ava";
import { PosternError, type Project } from "../../../core/index.js";
import { createBucketSettings } from "../../../core/settings/bucket-settings.js";
import type { ResolvedAccess } from "../../../frontends/frontend.js";
import { createAccessCache } from "../../../frontends/s3/auth/access-cache.js";
import { createProjectCache } from "../../../frontends/s3/project-cache.js";
import { createSettingsCache } from "../../../frontends/s3/settings/settings-cache.js";
import { memorySettingsStore } from "../../../store/memory-settings.js";
import { createMemoryProject } from "../../helpers/memory-project.js";

function resolved(id: string): ResolvedAccess {
  const rest = { public: false, usageTags: [], publicProjectId: undefined, projectCreatedAt: undefined };
  return { accessGrant: `grant of ${id}`, secretKey: `secret of ${id}`, ...rest };
}

test("access keys are looked up once a while, and once for all at a time", async (t) => {
  const asked: string[] = [];
  let now = 0;
  const lookUp = createAccessCache(
    async (id) => {
      asked.push(id);
      if (id === "unknown") throw new PosternError("not-found", "not found");
      return resolved(id);
    },
    { entries: 2, ms: 1000, now: () => now },
  );
  const [one, two] = await Promise.all([lookUp("a"), lookUp("a")]);
  t.is(one.accessGrant, "grant of a");
  t.is(one, two);
  await lookUp("a");
  t.deepEqual(asked, ["a"]);
  now = 1000;
  await lookUp("a");
  t.deepEqual(asked, ["a", "a"]);
  await lookUp("b");
  await lookUp("a");
  await lookUp("c"); // puts out "b", the one not used for longest
  await lookUp("a");
  await lookUp("b");
  t.deepEqual(asked, ["a", "a", "b", "c", "b"]);
  await t.throwsAsync(lookUp("unknown"), { message: /does not exist/ });
  await t.throwsAsync(lookUp("unknown"), { message: /does not exist/ });
  t.deepEqual(asked.slice(5), ["unknown", "unknown"]);
});

test("signing keys follow the scope", async (t) => {
  const lookUp = createAccessCache(async (id) => resolved(id), { entries: 2, ms: 1000, now: () => 0 });
  const access = await lookUp("a");
  const scope = { date: "20130524", region: "us-east-1", service: "s3" };
  const key = access.signingKey(scope);
  t.is(access.signingKey({ ...scope }), key);
  t.notDeepEqual(access.signingKey({ ...scope, region: "eu-west-1" }), key);
  t.deepEqual(access.signingKey(scope), key);
});

interface Opened {
  readonly grant: string;
  closed: number;
}

function countingCache(options: { entries: number; idleMs?: number; now?: () => number }) {
  const opened: Opened[] = [];
  const errors: unknown[] = [];
  const open = async (grant: string): Promise<Project> => {
    if (grant === "bad") throw new PosternError("invalid-grant", "invalid grant");
    const record: Opened = { grant, closed: 0 };
    opened.push(record);
    const close = async () => {
      record.closed++;
    };
    return { ...createMemoryProject(), close };
  };
  const cache = createProjectCache(open, {
    identify: async () => ({ satellite: "", project: "" }),
    idleMs: 60_000,
    now: () => 0,
    onCloseError: (error) => errors.push(error),
    ...options,
  });
  const state = () => opened.map(({ grant, closed }) => `${grant} ${closed}`);
  return { cache, state };
}

test("projects are shared, kept, and closed when too many or given up", async (t) => {
  const { cache, state } = countingCache({ entries: 2 });
  const [one, two] = await Promise.all([cache.acquire("a"), cache.acquire("a")]);
  t.is(one.project, two.project);
  const b = await cache.acquire("b");
  const c = await cache.acquire("c");
  t.deepEqual(state(), ["a 0", "b 0", "c 0"], "those in use are never closed");
  one.release();
  one.release();
  t.deepEqual(state(), ["a 0", "b 0", "c 0"], "still one user");
  two.release();
  await cache.acquire("c").then((lease) => lease.release());
  t.deepEqual(state(), ["a 1", "b 0", "c 0"]);
  b.release();
  const again = await cache.acquire("a");
  t.deepEqual(state(), ["a 1", "b 0", "c 0", "a 0"]);
  const closing = cache.close();
  await closing;
  t.deepEqual(state(), ["a 1", "b 1", "c 0", "a 0"], "those in use live on");
  c.release();
  again.release();
  await cache.close();
  t.deepEqual(state(), ["a 1", "b 1", "c 1", "a 1"]);
});

test("idle projects are closed, failed ones are not kept", async (t) => {
  let now = 0;
  const { cache, state } = countingCache({ entries: 10, idleMs: 100, now: () => now });
  (await cache.acquire("a")).release();
  now = 200;
  (await cache.acquire("b")).release();
  await t.throwsAsync(cache.acquire("bad"));
  await t.throwsAsync(cache.acquire("bad"));
  await cache.close();
  t.deepEqual(state(), ["a 1", "b 1"]);
});

test("settings are remembered for a while, and no more of them than there is room for", async (t) => {
  let now = 0;
  const asked: string[] = [];
  const settings = createBucketSettings({ store: memorySettingsStore(), key: Buffer.alloc(32) });
  const idOf = (bucket: string) => ({ satellite: "s", project: "p", bucket });
  for (const bucket of ["a", "b", "c"]) {
    await settings.change(idOf(bucket), () => ({ sections: { cors: "x".repeat(400) } }));
  }
  const cache = createSettingsCache(
    {
      ...settings,
      async findByName(bucket) {
        asked.push(bucket);
        if (bucket === "fails") throw new PosternError("unavailable", "no database");
        return await settings.findByName(bucket);
      },
    },
    { entries: 10, ms: 1000, now: () => now, mostBytes: 1000 },
  );
  const askedFor = async (...buckets: string[]) => {
    asked.length = 0;
    for (const bucket of buckets) await cache.find(bucket).catch(() => {});
    return asked.join("");
  };
  t.is(await askedFor("a", "b", "a", "b"), "ab");
  t.is(await askedFor("c", "c", "b"), "c", "there is room for two");
  t.is(await askedFor("a", "c", "b"), "ab", "which puts out the oldest, again and again");
  t.is(await askedFor("fails", "fails"), "failsfails");
  now = 1000;
  t.is(await askedFor("c"), "c");
  await cache.change(idOf("c"), () => ({ sections: { cors: "y" } }));
  t.is((await cache.find("c"))[0]?.sections["cors"], "y", "what this gateway changes it knows at once");
});
