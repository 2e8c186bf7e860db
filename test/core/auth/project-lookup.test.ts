import { randomBytes } from "node:crypto";
import test from "ava";
import { newApiKey } from "../../../core/access/api-key.js";
import { newGrant, serializeGrant } from "../../../core/access/grant.js";
import { createProjectLookup, type KnownProject } from "../../../core/auth/project-lookup.js";
import { createRateLimiter } from "../../../core/auth/rate-limit.js";
import { createAuthService } from "../../../core/auth/service.js";
import { memoryGrantStore } from "../../../store/memory.js";
import { deferred } from "../../helpers/deferred.js";

const project: KnownProject = { publicId: Buffer.alloc(16, 1), createdAt: 1_700_000_000_000 };
const nothing: KnownProject = { publicId: undefined, createdAt: undefined };

function newText(): string {
  const satelliteAddress = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S@127.0.0.1:7777";
  return serializeGrant(newGrant({ satelliteAddress, apiKey: newApiKey(randomBytes(32)), rootKey: randomBytes(32) }));
}

test("a satellite is asked once for each API key, and again when it failed", async (t) => {
  const asked: string[] = [];
  let away = true;
  const lookUp = createProjectLookup(async (grant) => {
    asked.push(grant);
    if (away) throw new Error("away");
    return project;
  });
  const head = Buffer.alloc(32, 1);
  t.deepEqual(await lookUp(head, "a"), nothing);
  away = false;
  t.is(await lookUp(head, "b"), project);
  t.is(await lookUp(head, "c"), project);
  t.deepEqual(asked, ["a", "b"]);
});

test("a satellite that does not answer holds nobody up, nor does one that is asked too much", async (t) => {
  const answer = deferred<KnownProject>();
  const lookUp = createProjectLookup(() => answer.promise, { timeoutMs: 20, maxAtOnce: 1 });
  const first = lookUp(Buffer.alloc(32, 1), "a");
  t.deepEqual(await lookUp(Buffer.alloc(32, 2), "b"), nothing, "not asked at all");
  t.deepEqual(await first, nothing);
  const impatient = createProjectLookup(() => answer.promise, { maxEntries: 1 });
  answer.resolve(project);
  t.is(await impatient(Buffer.alloc(32, 1), "a"), project);
});

test("API keys of one project share its limit when the project is known", async (t) => {
  const store = memoryGrantStore();
  const service = (lookUpProject: () => Promise<KnownProject>) =>
    createAuthService({
      store,
      lookUpProject,
      allowSatellite: () => true,
      endpoint: "",
      projectLimit: createRateLimiter({ perMinute: 1, now: () => 0 }),
    });
  const known = service(async () => project);
  const { accessKeyId } = await known.register({ accessGrant: newText(), public: false });
  t.like(await known.resolve(accessKeyId), { publicProjectId: project.publicId, projectCreatedAt: project.createdAt });
  await t.throwsAsync(known.register({ accessGrant: newText(), public: false }), { code: "too-many-requests" });
  const unknown = service(async () => nothing);
  await unknown.register({ accessGrant: newText(), public: false });
  await t.notThrowsAsync(unknown.register({ accessGrant: newText(), public: false }));
});
