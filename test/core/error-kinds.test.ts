import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { parseGrant } from "../../core/access/grant.js";
import { shareGrant } from "../../core/access/share.js";
import type { Project } from "../../core/api.js";
import { encodeBase58Check } from "../../core/bytes/base58check.js";
import { utf8 } from "../../core/bytes/bytes.js";
import { type ErrorCode, errorCodes, isPosternError } from "../../core/errors.js";
import { metainfoError } from "../../core/metainfo/errors.js";
import { rpcError } from "../../core/rpc/status.js";
import { type ProjectLab, projectLab } from "../helpers/project-lab.js";
import { repositoryRoot } from "../helpers/root.js";

interface Row {
  readonly name: string;
  readonly statuses: readonly number[];
  readonly codes: readonly string[];
}

/** The table of docs/errors.md. */
function documented(): Row[] {
  const text = readFileSync(join(repositoryRoot, "docs/errors.md"), "utf8");
  const rows = text.slice(text.indexOf("| storj.io/uplink |")).matchAll(/^\| `([\w.]+)` \|([^|]*)\|([^|]*)\|$/gm);
  return [...rows].map(([, name = "", statuses = "", codes = ""]) => ({
    name,
    statuses: [...statuses.matchAll(/\d+/g)].map(Number),
    codes: [...codes.matchAll(/`([\w-]+)`/g)].map(([, code = ""]) => code),
  }));
}

test("the documented codes exist, and statuses that stand for one error have its code", (t) => {
  const rows = documented();
  t.true(rows.length > 40);
  for (const { name, statuses, codes } of rows) {
    for (const code of codes) t.true((errorCodes as readonly string[]).includes(code), name);
    // Below 10000 a status means more than one thing; errors.test.ts has those with their texts.
    for (const status of statuses.filter((status) => status >= 10_000 && codes.length > 0)) {
      const error = metainfoError(rpcError(status, "text"), "multipart");
      t.true(isPosternError(error, codes[0] as ErrorCode), `${name} ${status}`);
    }
  }
});

const at = ["bucket", "key"] as const;
const hour = () => new Date(Date.now() + 3_600_000);

/** How each kind comes about on the embedded satellite. */
const kinds: Readonly<Record<string, (project: Project, lab: ProjectLab) => Promise<unknown>>> = {
  ErrPermissionDenied: async (_, { grant, openGrant }) =>
    (await openGrant(shareGrant(parseGrant(grant), { allowList: true }))).deleteObject(...at),
  ErrBucketNameInvalid: (project) => project.createBucket("No"),
  ErrBucketAlreadyExists: (project) => project.createBucket("bucket"),
  ErrBucketNotEmpty: (project) => project.deleteBucket("bucket"),
  ErrBucketNotFound: (project) => project.listObjects("nobucket"),
  ErrObjectKeyInvalid: (project) => project.headObject("bucket", ""),
  ErrObjectNotFound: (project) => project.headObject("bucket", "none"),
  ErrUploadIDInvalid: (project) => project.listParts(...at, encodeBase58Check(utf8("none"), 1)),
  "object.ErrMethodNotAllowed": async (project) => {
    const { version } = await project.deleteObject("locked", "gone");
    return project.headObject("locked", "gone", { version });
  },
  "object.ErrObjectKeyTooLong": (project) => project.putObject("bucket", "k".repeat(5000), []),
  "object.ErrObjectVersionInvalid": (project) => project.deleteObject(...at, { version: new Uint8Array(3) }),
  "object.ErrBucketNameMissing": (project) => project.headObject("", "key"),
  "object.ErrNoObjectLockConfiguration": (project) =>
    project.copyObject({ bucket: "bucket", key: "key" }, { bucket: "bucket", key: "copy" }, { legalHold: true }),
  "object.ErrRetentionNotFound": (project) => project.getRetention("locked", "free"),
  "object.ErrObjectProtected": async (project) => {
    const retention = { mode: "governance", retainUntil: hour() } as const;
    const { version } = await project.putObject("locked", "kept", [utf8("x")], { retention });
    return project.deleteObject("locked", "kept", { version });
  },
  "object.ErrObjectLockInvalidObjectState": async (project) => {
    const { version } = await project.deleteObject("locked", "marked");
    return project.setLegalHold("locked", "marked", true, { version });
  },
  "object.ErrObjectLockUploadWithTTLAndDefaultRetention": (project) =>
    project.putObject("default", "key", [], { expiresAt: hour() }),
  "object.ErrObjectLockUploadWithTTLAPIKeyAndDefaultRetention": async (_, { grant, openGrant }) => {
    const limited = shareGrant(parseGrant(grant), { allowUpload: true, maxObjectTtlMs: 60_000 });
    return (await openGrant(limited)).putObject("default", "key", []);
  },
  "object.ErrFailedPrecondition": (project) => project.putObject(...at, [utf8("x")], { ifNoneMatch: true }),
  "bucket.ErrBucketNoLock": (project) => project.getObjectLockConfiguration("bucket"),
  "bucket.ErrBucketInvalidObjectLockConfig": (project) =>
    project.setObjectLockConfiguration("locked", {
      enabled: true,
      defaultRetention: { mode: "governance", days: 40_000 },
    }),
  "bucket.ErrBucketInvalidStateObjectLock": (project) => project.setBucketVersioning("locked", false),
  "bucket.ErrTagsNotFound": (project) => project.getBucketTags("bucket"),
  "bucket.ErrTooManyTags": (project) =>
    project.setBucketTags(
      "bucket",
      Array.from({ length: 51 }, (_, index) => ({ key: `k${index}`, value: "" })),
    ),
  "bucket.ErrTagKeyInvalid": (project) => project.setBucketTags("bucket", [{ key: "", value: "" }]),
  "bucket.ErrTagKeyDuplicate": (project) =>
    project.setBucketTags("bucket", [
      { key: "a", value: "" },
      { key: "a", value: "" },
    ]),
  "bucket.ErrTagValueInvalid": (project) => project.setBucketTags("bucket", [{ key: "a", value: "<" }]),
  "access.ErrPermissionInvalid": async (_, { grant }) => shareGrant(parseGrant(grant), {}),
};

test("each kind of error of the real library has its code on the embedded satellite", async (t) => {
  const lab = await projectLab(t, { nodes: 0 });
  const { project } = lab;
  await project.createBucket("bucket");
  await project.putObject(...at, [utf8("x")]);
  await project.createBucket("locked", { objectLock: true });
  await project.putObject("locked", "free", [utf8("x")]);
  await project.createBucket("default", { objectLock: true });
  const defaultRetention = { mode: "governance", days: 1 } as const;
  await project.setObjectLockConfiguration("default", { enabled: true, defaultRetention });
  const rows = new Map(documented().map((row) => [row.name, row]));
  for (const [name, provoke] of Object.entries(kinds)) {
    const code = rows.get(name)?.codes[0] as ErrorCode | undefined;
    t.truthy(code, `${name} is documented`);
    await t.throwsAsync(async () => provoke(project, lab), { code }, name);
  }
});

test("limits of the project have their codes", async (t) => {
  const { project } = await projectLab(t, { nodes: 0, satellite: { usageLimits: { segments: 1 } } });
  await project.createBucket("bucket");
  await project.putObject(...at, [utf8("x")]);
  await t.throwsAsync(project.putObject("bucket", "more", [utf8("x")]), { code: "segments-limit-exceeded" });
  const small = await projectLab(t, {
    nodes: 0,
    satellite: { usageLimits: { storage: 10 }, limits: { maxBuckets: 1 } },
  });
  await small.project.createBucket("bucket");
  await t.throwsAsync(small.project.createBucket("second"), { code: "bucket-limit-exceeded" });
  await small.project.putObject(...at, [new Uint8Array(100)]);
  await t.throwsAsync(small.project.putObject("bucket", "more", [utf8("x")]), { code: "storage-limit-exceeded" });
  const slow = await projectLab(t, { nodes: 0, satellite: { rateLimit: { perSecond: 1, burst: 1 } } });
  await slow.project.createBucket("bucket");
  await t.throwsAsync(Promise.all([1, 2, 3].map(() => slow.project.headBucket("bucket"))), {
    code: "too-many-requests",
  });
});
