import { randomUUID } from "node:crypto";
import type { Permission } from "../../core/access/share.js";
import type { Project, Retention } from "../../core/api.js";
import { utf8 } from "../../core/bytes/bytes.js";
import { type ErrorCode, PosternError } from "../../core/errors.js";
import { readAll } from "./project-lab.js";

export type Flag = Exclude<keyof Permission, "notBefore" | "notAfter" | "maxObjectTtlMs" | "allowLock">;

export const flags: readonly Flag[] = [
  "allowDownload",
  "allowUpload",
  "allowList",
  "allowDelete",
  "allowPutObjectRetention",
  "allowGetObjectRetention",
  "allowPutObjectLegalHold",
  "allowGetObjectLegalHold",
  "allowBypassGovernanceRetention",
  "allowPutBucketObjectLockConfiguration",
  "allowGetBucketObjectLockConfiguration",
  "allowPutBucketNotificationConfiguration",
  "allowGetBucketNotificationConfiguration",
];

/** Where an operation is tried: a folder with a slash at its end, or empty, and a key in it. */
export interface Place {
  readonly bucket: string;
  readonly folder: string;
  readonly key: string;
}

export interface Operation {
  readonly name: string;
  /** Each list is enough on its own; an empty one says that any grant will do. */
  readonly needs: readonly (readonly Flag[])[];
  /** What the operation is about; "bucket-info" may be seen with a grant for any part of the bucket. */
  readonly about: "object" | "bucket" | "bucket-info" | "project";
  /** Tried in the bucket whose objects can be locked. */
  readonly locked?: boolean;
  /** Errors that show as well that the satellite let the request pass. */
  readonly answers?: readonly ErrorCode[];
  /** Prepares with all permissions; what it returns is given to `run`. */
  arrange?(owner: Project, place: Place): Promise<unknown>;
  run(project: Project, place: Place, arranged: unknown): Promise<unknown>;
}

const store = (owner: Project, { bucket, key }: Place) => owner.putObject(bucket, key, [utf8("content")]);

async function begin(owner: Project, { bucket, key }: Place): Promise<string> {
  return (await owner.beginUpload(bucket, key)).uploadId;
}

async function beginWithPart(owner: Project, place: Place): Promise<string> {
  const uploadId = await begin(owner, place);
  await owner.uploadPart(place.bucket, place.key, uploadId, 1, [utf8("part")]);
  return uploadId;
}

/** Short: nothing of it outlives the test's folder, and no deletion has to wait for it. */
const retention = (): Retention => ({ mode: "governance", retainUntil: new Date(Date.now() + 60_000) });

async function storeRetained(owner: Project, { bucket, key }: Place): Promise<Uint8Array> {
  return (await owner.putObject(bucket, key, [utf8("content")], { retention: retention() })).version;
}

/** Fields are named as in the table of permissions that storj/storj satellite/metainfo requires for each call. */
export const operations: readonly Operation[] = [
  // objects
  {
    name: "put a new object",
    needs: [["allowUpload"]],
    about: "object",
    run: (project, { bucket, key }) => project.putObject(bucket, key, [utf8("x")]),
  },
  {
    name: "put over an object",
    needs: [["allowUpload", "allowDelete"]],
    about: "object",
    arrange: store,
    run: (project, { bucket, key }) => project.putObject(bucket, key, [utf8("x")]),
  },
  {
    name: "put with retention",
    needs: [["allowUpload", "allowPutObjectRetention"]],
    about: "object",
    locked: true,
    run: (project, { bucket, key }) => project.putObject(bucket, key, [utf8("x")], { retention: retention() }),
  },
  {
    name: "put with legal hold",
    needs: [["allowUpload", "allowPutObjectLegalHold"]],
    about: "object",
    locked: true,
    run: (project, { bucket, key }) => project.putObject(bucket, key, [utf8("x")], { legalHold: true }),
  },
  {
    name: "get",
    needs: [["allowDownload"]],
    about: "object",
    arrange: store,
    run: async (project, { bucket, key }) => readAll((await project.getObject(bucket, key)).body),
  },
  {
    name: "head",
    needs: [["allowDownload"], ["allowList"]],
    about: "object",
    arrange: store,
    run: (project, { bucket, key }) => project.headObject(bucket, key),
  },
  {
    name: "delete",
    needs: [["allowDelete"]],
    about: "object",
    arrange: store,
    run: (project, { bucket, key }) => project.deleteObject(bucket, key),
  },
  {
    name: "delete many",
    needs: [["allowDelete"]],
    about: "object",
    arrange: store,
    async run(project, { bucket, key }) {
      const [result] = await project.deleteObjects(bucket, [{ key }]);
      if (result?.status === "unauthorized") throw new PosternError("permission-denied", "item was refused");
      if (result?.status !== "ok") throw new PosternError("internal", `item ended as ${result?.status}`);
    },
  },
  {
    name: "delete a retained version",
    needs: [["allowDelete", "allowBypassGovernanceRetention"]],
    about: "object",
    locked: true,
    arrange: storeRetained,
    run: (project, { bucket, key }, version) =>
      project.deleteObject(bucket, key, { version: version as Uint8Array, bypassGovernance: true }),
  },
  {
    name: "list",
    needs: [["allowList"]],
    about: "object",
    run: (project, { bucket, folder }) => project.listObjects(bucket, { prefix: folder, delimiter: "/" }),
  },
  {
    name: "list recursively",
    needs: [["allowList"]],
    about: "object",
    run: (project, { bucket, folder }) => project.listObjects(bucket, { prefix: folder, limit: 1 }),
  },
  {
    name: "list versions",
    needs: [["allowList"]],
    about: "object",
    run: (project, { bucket, folder }) => project.listVersions(bucket, { prefix: folder, limit: 1 }),
  },
  {
    name: "copy",
    needs: [["allowDownload", "allowUpload"]],
    about: "object",
    arrange: store,
    run: (project, { bucket, key }) => project.copyObject({ bucket, key }, { bucket, key: `${key}-copy` }),
  },
  {
    name: "move",
    needs: [["allowDownload", "allowUpload", "allowDelete"]],
    about: "object",
    arrange: store,
    run: (project, { bucket, key }) => project.moveObject({ bucket, key }, { bucket, key: `${key}-moved` }),
  },
  {
    name: "update metadata",
    needs: [
      ["allowUpload", "allowDownload"],
      ["allowUpload", "allowList"],
    ],
    about: "object",
    arrange: store,
    run: (project, { bucket, key }) => project.updateMetadata(bucket, key, { custom: { a: "b" } }),
  },
  {
    name: "placement",
    needs: [["allowDownload"], ["allowList"]],
    about: "object",
    arrange: store,
    run: (project, { bucket, key }) => project.objectPlacement(bucket, key),
  },
  // locks
  {
    name: "get retention",
    needs: [["allowGetObjectRetention"], ["allowPutObjectRetention"]],
    about: "object",
    locked: true,
    arrange: storeRetained,
    run: (project, { bucket, key }) => project.getRetention(bucket, key),
  },
  {
    name: "set retention",
    needs: [["allowPutObjectRetention"]],
    about: "object",
    locked: true,
    arrange: store,
    run: (project, { bucket, key }) => project.setRetention(bucket, key, retention()),
  },
  {
    name: "lift retention",
    needs: [["allowPutObjectRetention", "allowBypassGovernanceRetention"]],
    about: "object",
    locked: true,
    arrange: storeRetained,
    run: (project, { bucket, key }) => project.setRetention(bucket, key, undefined, { bypassGovernance: true }),
  },
  {
    name: "get legal hold",
    needs: [["allowGetObjectLegalHold"]],
    about: "object",
    locked: true,
    arrange: store,
    run: (project, { bucket, key }) => project.getLegalHold(bucket, key),
  },
  {
    name: "set legal hold",
    needs: [["allowPutObjectLegalHold"]],
    about: "object",
    locked: true,
    arrange: store,
    run: (project, { bucket, key }) => project.setLegalHold(bucket, key, true),
  },
  // multipart uploads
  {
    name: "begin an upload",
    needs: [["allowUpload"]],
    about: "object",
    run: (project, { bucket, key }) => project.beginUpload(bucket, key),
  },
  {
    name: "upload a part",
    needs: [["allowUpload"]],
    about: "object",
    arrange: begin,
    run: (project, { bucket, key }, id) => project.uploadPart(bucket, key, id as string, 1, [utf8("part")]),
  },
  {
    name: "copy a part",
    needs: [["allowUpload", "allowDownload"]],
    about: "object",
    async arrange(owner, place) {
      await store(owner, place);
      return await begin(owner, place);
    },
    run: (project, { bucket, key }, id) => project.copyPart(bucket, key, id as string, 1, { bucket, key }),
  },
  {
    name: "commit an upload",
    needs: [["allowUpload"]],
    about: "object",
    arrange: beginWithPart,
    run: (project, { bucket, key }, id) => project.commitUpload(bucket, key, id as string),
  },
  {
    name: "abort an upload",
    needs: [["allowDelete"]],
    about: "object",
    arrange: begin,
    run: (project, { bucket, key }, id) => project.abortUpload(bucket, key, id as string),
  },
  {
    name: "list parts",
    needs: [["allowDownload"]],
    about: "object",
    arrange: beginWithPart,
    run: (project, { bucket, key }, id) => project.listParts(bucket, key, id as string),
  },
  {
    name: "list uploads",
    needs: [["allowList"]],
    about: "object",
    run: (project, { bucket, folder }) => project.listUploads(bucket, { prefix: folder, limit: 1 }),
  },
  // buckets
  {
    name: "create a bucket",
    needs: [["allowUpload"]],
    about: "bucket",
    answers: ["bucket-already-exists"],
    run: (project, { bucket }) => project.createBucket(bucket),
  },
  {
    name: "head a bucket",
    needs: [[]],
    about: "bucket-info",
    run: (project, { bucket }) => project.headBucket(bucket),
  },
  {
    name: "delete a bucket",
    needs: [["allowDelete"]],
    about: "bucket",
    answers: ["bucket-not-empty"],
    run: (project, { bucket }) => project.deleteBucket(bucket),
  },
  {
    name: "location of a bucket",
    needs: [[]],
    about: "bucket-info",
    run: (project, { bucket }) => project.getBucketLocation(bucket),
  },
  {
    name: "get versioning",
    needs: [[]],
    about: "bucket-info",
    run: (project, { bucket }) => project.getBucketVersioning(bucket),
  },
  {
    name: "set versioning",
    needs: [["allowUpload"]],
    about: "bucket",
    locked: true,
    run: (project, { bucket }) => project.setBucketVersioning(bucket, true),
  },
  {
    name: "get tags",
    needs: [[]],
    about: "bucket-info",
    answers: ["tags-not-found"],
    run: (project, { bucket }) => project.getBucketTags(bucket),
  },
  {
    name: "set tags",
    needs: [["allowUpload"]],
    about: "bucket",
    run: (project, { bucket }) => project.setBucketTags(bucket, [{ key: "a", value: "b" }]),
  },
  {
    name: "get lock configuration",
    needs: [["allowGetBucketObjectLockConfiguration"]],
    about: "bucket",
    locked: true,
    run: (project, { bucket }) => project.getObjectLockConfiguration(bucket),
  },
  {
    name: "set lock configuration",
    needs: [["allowPutBucketObjectLockConfiguration"]],
    about: "bucket",
    locked: true,
    run: (project, { bucket }) => project.setObjectLockConfiguration(bucket, { enabled: true }),
  },
  {
    name: "get notifications",
    needs: [["allowGetBucketNotificationConfiguration"]],
    about: "bucket",
    answers: ["failed-precondition"],
    run: (project, { bucket }) => project.getBucketNotifications(bucket),
  },
  {
    name: "set notifications",
    needs: [["allowPutBucketNotificationConfiguration"]],
    about: "bucket",
    answers: ["failed-precondition"],
    run: (project, { bucket }) => project.setBucketNotifications(bucket, undefined),
  },
  // the project
  { name: "list buckets", needs: [[]], about: "project", run: (project) => project.listBuckets() },
  { name: "project info", needs: [[]], about: "project", run: (project) => project.projectInfo() },
];

/** A key of its own below a folder. */
export function placeIn(bucket: string, folder: string): Place {
  return { bucket, folder, key: `${folder}${randomUUID()}` };
}

/** Tries an operation: "ok", or the code of its error. */
export async function attempt(operation: Operation, owner: Project, project: Project, place: Place): Promise<string> {
  const arranged = await operation.arrange?.(owner, place);
  try {
    await operation.run(project, place, arranged);
    return "ok";
  } catch (error) {
    if (!(error instanceof PosternError)) throw error;
    return operation.answers?.includes(error.code) ? "ok" : error.code;
  }
}
