import test from "ava";
import { type AccessGrant, parseGrant, serializeGrant } from "../../core/access/grant.js";
import { type Permission, shareGrant } from "../../core/access/share.js";
import { utf8 } from "../../core/bytes/bytes.js";
import { projectLab } from "../helpers/project-lab.js";
import { attempt, type Flag, flags, type Operation, operations, placeIn } from "../helpers/shared-operations.js";

const plain: string = "plain";
const locked: string = "locked";

/** A project with two buckets, and no storage nodes: all objects are inline. */
async function sharingLab(t: Parameters<typeof projectLab>[0]) {
  const lab = await projectLab(t, { nodes: 0 });
  for (const bucket of [plain, "other"]) await lab.project.createBucket(bucket);
  await lab.project.createBucket(locked, { objectLock: true });
  // Buckets with something in them cannot be deleted, whoever tries.
  for (const bucket of [plain, locked, "other"]) await lab.project.putObject(bucket, "keep", [utf8("x")]);
  return { ...lab, root: parseGrant(lab.grant) };
}

const bucketOf = (operation: Operation) => (operation.locked ? locked : plain);

function permissionOf(granted: readonly Flag[]): Permission {
  return Object.fromEntries(granted.map((flag) => [flag, true]));
}

const everything = permissionOf(flags);

function suffices({ needs }: Operation, granted: readonly Flag[]): boolean {
  return needs.some((needed) => needed.every((flag) => granted.includes(flag)));
}

test("every operation with each permission alone, with all but one, and with just enough", async (t) => {
  const { root, project: owner, openGrant } = await sharingLab(t);
  const sets = [
    ...flags.map((flag) => [flag]),
    ...flags.map((flag) => flags.filter((other) => other !== flag)),
    ["allowDownload", "allowUpload"],
    ["allowDownload", "allowList"],
    ["allowUpload", "allowDelete"],
    ["allowUpload", "allowList"],
    ["allowDownload", "allowUpload", "allowDelete"],
    ["allowUpload", "allowPutObjectRetention"],
    ["allowUpload", "allowPutObjectLegalHold"],
    ["allowDelete", "allowBypassGovernanceRetention"],
    ["allowPutObjectRetention", "allowBypassGovernanceRetention"],
  ] as Flag[][];
  const seen = new Set<string>();
  for (const granted of sets) {
    const shared = await openGrant(serializeGrant(shareGrant(root, permissionOf(granted))));
    await Promise.all(
      operations.map(async (operation) => {
        const expected = suffices(operation, granted) ? "ok" : "permission-denied";
        const result = await attempt(operation, owner, shared, placeIn(bucketOf(operation), "a/b/"));
        t.is(result, expected, `${operation.name} with ${granted.join(", ")}`);
        seen.add(`${operation.name} ${result}`);
      }),
    );
  }
  for (const { name, needs } of operations) {
    t.true(seen.has(`${name} ok`), name);
    if (needs.every((needed) => needed.length > 0)) t.true(seen.has(`${name} permission-denied`), name);
  }
});

/**
 * Where a grant for "in/side" reaches. Twice: as it is, without the keys of other places, and with all keys, so that
 * only the satellite can refuse.
 */
test("a grant for a prefix works below it and nowhere else", async (t) => {
  const { root, project: owner, openGrant } = await sharingLab(t);
  const shared = shareGrant(root, everything, [
    { bucket: plain, prefix: "in/side/" },
    { bucket: locked, prefix: "in/side" },
  ]);
  const honest = await openGrant(serializeGrant(shared));
  const keyed = await openGrant({ ...shared, encryption: root.encryption });
  const tries = Object.entries({ honest, keyed }).flatMap(([client, project]) =>
    operations.map(async (operation) => {
      const { name, about } = operation;
      const inside = about === "bucket" ? "permission-denied" : "ok";
      const outside = about === "object" ? "permission-denied" : inside;
      const places = [
        ...["in/side/", "in/side//deeper/"].map((folder) => [folder, bucketOf(operation), inside] as const),
        ...["", "in/", "in/sideways/"].map((folder) => [folder, bucketOf(operation), outside] as const),
      ];
      if (about !== "project" && !operation.locked) places.push(["in/side/", "other", "permission-denied"]);
      for (const [folder, bucket, expected] of places) {
        const result = await attempt(operation, owner, project, placeIn(bucket, folder));
        t.is(result, expected, `${client}: ${name} in ${bucket}/${folder}`);
      }
    }),
  );
  await Promise.all(tries);
  const { buckets } = await honest.listBuckets();
  t.deepEqual(
    buckets.map(({ name }) => name),
    [locked, plain],
  );
});

test("a grant for a bucket works in all of it", async (t) => {
  const { root, project: owner, openGrant } = await sharingLab(t);
  const shared = await openGrant(
    serializeGrant(shareGrant(root, everything, [{ bucket: plain }, { bucket: locked, prefix: "" }])),
  );
  const tries = operations.map(async (operation) => {
    const { name, about } = operation;
    t.is(await attempt(operation, owner, shared, placeIn(bucketOf(operation), "")), "ok", name);
    if (about === "project" || operation.locked) return;
    t.is(await attempt(operation, owner, shared, placeIn("other", "")), "permission-denied", name);
  });
  await Promise.all(tries);
});

test("copies and moves need both ends to be shared", async (t) => {
  const { root, project: owner, openGrant } = await sharingLab(t);
  const shared = shareGrant(root, everything, [{ bucket: plain, prefix: "mine" }]);
  const clients = [await openGrant(shared), await openGrant({ ...shared, encryption: root.encryption })];
  for (const key of ["mine/a", "theirs/a"]) await owner.putObject(plain, key, [utf8("x")]);
  const mine = { bucket: plain, key: "mine/a" };
  const theirs = { bucket: plain, key: "theirs/a" };
  for (const project of clients) {
    for (const [from, to] of [
      [mine, { ...theirs, key: "theirs/b" }],
      [theirs, { ...mine, key: "mine/b" }],
    ] as const) {
      await t.throwsAsync(project.copyObject(from, to), { code: "permission-denied" });
      await t.throwsAsync(project.moveObject(from, to), { code: "permission-denied" });
    }
    await project.copyObject(mine, { ...mine, key: "mine/b" });
  }
});

test("prefixes are narrowed step by step, never widened", async (t) => {
  const { root, project: owner, openGrant } = await sharingLab(t);
  for (const key of ["a/b/c", "a/x"]) await owner.putObject(plain, key, [utf8("x")]);
  const wide = shareGrant(root, { allowDownload: true, allowList: true }, [{ bucket: plain, prefix: "a/" }]);
  const narrow = await openGrant(
    serializeGrant(shareGrant(wide, { allowDownload: true, allowUpload: true }, [{ bucket: plain, prefix: "a/b" }])),
  );
  t.is((await narrow.headObject(plain, "a/b/c")).size, 1);
  await t.throwsAsync(narrow.headObject(plain, "a/x"), { code: "permission-denied" });
  await t.throwsAsync(narrow.putObject(plain, "a/b/new", [utf8("x")]), { code: "permission-denied" });
  await t.throwsAsync(narrow.listObjects(plain, { prefix: "a/b/" }), { code: "permission-denied" });
  t.throws(() => shareGrant(wide, { allowDownload: true }, [{ bucket: "other", prefix: "a" }]), {
    code: "permission-denied",
  });
});

test("grants hold from and until their times, and not when revoked", async (t) => {
  const { root, project: owner, openGrant } = await sharingLab(t);
  const hour = 3_600_000;
  const around = (from: number, to: number): AccessGrant =>
    shareGrant(root, { ...everything, notBefore: new Date(Date.now() + from), notAfter: new Date(Date.now() + to) });
  const revoked = shareGrant(root, everything);
  await owner.revokeAccess(revoked);
  const cases: readonly [string, AccessGrant, string][] = [
    ["now", around(-hour, hour), "ok"],
    ["later", around(hour, 2 * hour), "permission-denied"],
    ["over", around(-2 * hour, -hour), "permission-denied"],
    ["revoked", revoked, "permission-denied"],
    ["of a revoked one", shareGrant(revoked, everything), "permission-denied"],
  ];
  for (const [name, grant, expected] of cases) {
    const project = await openGrant(serializeGrant(grant));
    const tries = operations.map(async (operation) => {
      const result = await attempt(operation, owner, project, placeIn(bucketOf(operation), "a/"));
      t.is(result, expected, `${operation.name}, ${name}`);
    });
    await Promise.all(tries);
  }
});

test("a grant may limit how long objects live", async (t) => {
  const { root, openGrant } = await sharingLab(t);
  const minute = 60_000;
  const shared = await openGrant(serializeGrant(shareGrant(root, { ...everything, maxObjectTtlMs: minute })));
  const began = Date.now();
  const { expiresAt } = await shared.putObject(plain, "key", [utf8("x")]);
  const lifetime = (expiresAt?.getTime() ?? 0) - began;
  t.true(lifetime >= minute - 1 && lifetime <= Date.now() - began + minute, `${lifetime} ms`);
  const sooner = new Date(Date.now() + minute / 2);
  t.deepEqual((await shared.putObject(plain, "sooner", [utf8("x")], { expiresAt: sooner })).expiresAt, sooner);
  const later = { expiresAt: new Date(Date.now() + 2 * minute) };
  await t.throwsAsync(shared.putObject(plain, "later", [utf8("x")], later), { code: "invalid-argument" });
  await t.throwsAsync(shared.beginUpload(plain, "later", later), { code: "invalid-argument" });
  const retention = { mode: "governance", retainUntil: new Date(Date.now() + minute) } as const;
  await t.throwsAsync(shared.putObject(locked, "kept", [utf8("x")], { retention }), { code: "invalid-argument" });
  const { uploadId } = await shared.beginUpload(plain, "parts");
  await shared.uploadPart(plain, "parts", uploadId, 1, [utf8("x")]);
  t.true((await shared.commitUpload(plain, "parts", uploadId)).expiresAt !== undefined);
});

test("of many objects those are deleted that a share reaches", async (t) => {
  const { root, project, openGrant } = await sharingLab(t);
  for (const key of ["in/a", "in/b", "out/c"]) await project.putObject(plain, key, [utf8("x")]);
  const shared = await openGrant(serializeGrant(shareGrant(root, everything, [{ bucket: plain, prefix: "in/" }])));
  const results = await shared.deleteObjects(
    plain,
    ["out/c", "in/a", "out/none", "in/b"].map((key) => ({ key })),
  );
  t.deepEqual(
    results.map(({ key, status }) => `${key} ${status}`),
    ["out/c unauthorized", "in/a ok", "out/none unauthorized", "in/b ok"],
  );
  t.deepEqual(await shared.deleteObjects(plain, [{ key: "out/c" }]).then(([one]) => one?.status), "unauthorized");
  await project.headObject(plain, "out/c");
  await t.throwsAsync(project.headObject(plain, "in/b"), { code: "object-not-found" });
});
