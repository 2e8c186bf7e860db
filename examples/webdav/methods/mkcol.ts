import { isPosternError } from "postern";
import { type Call, hasBody, reply } from "../call.js";
import { DavError } from "../errors.js";
import { findResource } from "../resource.js";
import { requireParent } from "./put.js";

/** MKCOL: a bucket, or a folder, which is an empty object with a slash at the end, as S3's console makes them. */
export async function makeCollection(call: Call): Promise<void> {
  const { target, project, space, locks, condition, signal } = call;
  // RFC 4918 clause 9.3: nobody has said yet what a body could mean.
  if (await hasBody(call)) throw new DavError(415);
  if (target.bucket === "") throw new DavError(405);
  locks.check(space, target, condition.tokens, false);
  if (target.key === "") {
    await project.createBucket(target.bucket, { signal });
    return reply(call, 201);
  }
  const [there] = await Promise.all([
    findResource(project, { ...target, collection: false }, signal),
    requireParent(call),
  ]);
  if (there !== undefined) throw new DavError(405);
  try {
    await project.putObject(target.bucket, `${target.key}/`, [], {
      custom: { "content-type": "application/x-directory" },
      etag: Buffer.from("d41d8cd98f00b204e9800998ecf8427e"), // MD5 of nothing
      signal,
    });
  } catch (error) {
    if (isPosternError(error, "bucket-not-found")) throw new DavError(409, undefined, error);
    throw error;
  }
  reply(call, 201);
}
