import { PosternError, type Project } from "postern";
import { type Call, reply } from "../call.js";
import { DavError } from "../errors.js";
import { findResource } from "../resource.js";
import { prefixOf, type Target } from "../target.js";

/** DELETE: a file, a folder with all in it, or a bucket with all in it. */
export async function remove(call: Call): Promise<void> {
  const { target, project, space, locks, condition, signal } = call;
  if (target.bucket === "") throw new DavError(403);
  locks.check(space, target, condition.tokens, true);
  const resource = await findResource(project, target, signal);
  if (resource === undefined) throw new DavError(404);
  if (resource.kind === "file") await project.deleteObject(target.bucket, target.key, { signal });
  else await removeCollection(project, target, signal);
  locks.forget(space, target);
  reply(call, 204);
}

export async function removeCollection(project: Project, target: Target, signal: AbortSignal): Promise<void> {
  if (target.key === "") return await project.deleteBucket(target.bucket, { withObjects: true, signal });
  const prefix = prefixOf(target);
  for (;;) {
    // From the start each time: what was listed is gone.
    const { entries, next } = await project.listObjects(target.bucket, { prefix, signal });
    const keys = entries.flatMap((entry) => (entry.kind === "object" ? [{ key: entry.object.keyBytes }] : []));
    const results = await project.deleteObjects(target.bucket, keys, { signal });
    const failed = results.find(({ status }) => status !== "ok" && status !== "not-found");
    if (failed !== undefined) {
      const code = failed.status === "error" ? "unavailable" : "permission-denied";
      throw new PosternError(code, "not everything in the folder could be deleted");
    }
    if (next === undefined) return;
  }
}
