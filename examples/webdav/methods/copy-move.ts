import { isPosternError, type Project } from "postern";
import { type Call, destination, header, isDeep, reply } from "../call.js";
import { DavError } from "../errors.js";
import { findResource, type Resource } from "../resource.js";
import { isWithin, prefixOf, type Target } from "../target.js";
import { removeCollection } from "./delete.js";
import { requireParent } from "./put.js";

/** Copies at a time: each is a few calls to the satellite. */
const together = 8;

/** COPY and MOVE: the data stay on their nodes, also for folders. */
export async function copyOrMove(call: Call, moving: boolean): Promise<void> {
  const { target: from, project, space, locks, condition, signal } = call;
  const asked = destination(call);
  const deep = isDeep(call, true);
  if (moving && !deep) throw new DavError(400);
  if (from.bucket === "" || asked.bucket === "") throw new DavError(403);
  const source = await findResource(project, from, signal);
  if (source === undefined) throw new DavError(404);
  const to = { ...asked, collection: source.kind !== "file" };
  if (isWithin(from, to) || isWithin(to, from)) throw new DavError(403);
  if (source.kind === "file" && to.key === "") throw new DavError(403);
  locks.check(space, to, condition.tokens, true);
  if (moving) locks.check(space, from, condition.tokens, true);

  const there = await findResource(project, { ...to, collection: false }, signal);
  if (there !== undefined && header(call, "overwrite")?.toUpperCase() === "F") throw new DavError(412);
  await requireParent({ project, target: to, signal });
  try {
    if (there !== undefined) await clear(project, to, there, source, signal);
    if (source.kind === "file") await one(project, moving, from, to, from.key, to.key, signal);
    else await all(project, moving, from, to, deep, signal);
  } catch (error) {
    if (isPosternError(error, "bucket-not-found")) throw new DavError(409, undefined, error);
    throw error;
  }
  if (moving) locks.forget(space, from);
  reply(call, there === undefined ? 201 : 204);
}

/** What is replaced goes first, unless one object takes the place of another at once. */
async function clear(
  project: Project,
  to: Target,
  there: Resource,
  source: Resource,
  signal: AbortSignal,
): Promise<void> {
  if (there.kind === "file") {
    if (source.kind !== "file") await project.deleteObject(to.bucket, to.key, { signal });
    return;
  }
  await removeCollection(project, to, signal);
}

async function one(
  project: Project,
  moving: boolean,
  from: Target,
  to: Target,
  fromKey: string | Uint8Array,
  toKey: string | Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  const source = { bucket: from.bucket, key: fromKey };
  const target = { bucket: to.bucket, key: toKey };
  if (moving) await project.moveObject(source, target, { signal });
  else await project.copyObject(source, target, { signal });
}

/** All keys below one prefix to another. Not at once: who looks meanwhile sees a part of it. */
async function all(
  project: Project,
  moving: boolean,
  from: Target,
  to: Target,
  deep: boolean,
  signal: AbortSignal,
): Promise<void> {
  if (to.key === "") await project.createBucket(to.bucket, { signal });
  const [oldPrefix, newPrefix] = [Buffer.from(prefixOf(from)), Buffer.from(prefixOf(to))];
  // A folder whose only keys are deeper has no marker of its own, and a copy with depth 0 needs one.
  const directory = { custom: { "content-type": "application/x-directory" }, signal };
  if (!deep && to.key !== "") {
    await project.putObject(to.bucket, prefixOf(to), [], directory);
  }
  if (!deep) return;
  for (let cursor: Uint8Array | undefined; ; ) {
    const page = await project.listObjects(from.bucket, { prefix: oldPrefix, cursor, signal });
    const keys = page.entries.flatMap((entry) => (entry.kind === "object" ? [entry.object.keyBytes] : []));
    for (let at = 0; at < keys.length; at += together) {
      await Promise.all(
        keys.slice(at, at + together).map((key) => {
          const rest = Buffer.from(key).subarray(oldPrefix.length);
          // A bucket has no marker.
          if (rest.length === 0 && to.key === "") return undefined;
          return one(project, moving, from, to, key, Buffer.concat([newPrefix, rest]), signal);
        }),
      );
    }
    if (page.next === undefined) break;
    cursor = page.next;
  }
  if (to.key !== "" && from.key === "") await project.putObject(to.bucket, prefixOf(to), [], directory);
  if (moving && from.key === "") await project.deleteBucket(from.bucket, { withObjects: true, signal });
}
