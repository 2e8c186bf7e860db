import { createHash } from "node:crypto";
import { isPosternError } from "postern";
import { readBody } from "postern/frontend";
import { type Call, header, reply } from "../call.js";
import { DavError } from "../errors.js";
import { etagOf, findFolder, orUndefined } from "../resource.js";
import { parentOf } from "../target.js";
import { includes } from "./get.js";

/** PUT: streams the body into an object, with the ETag and content type that S3 would give it. */
export async function put(call: Call): Promise<void> {
  const { req, res, target, project, space, locks, condition, signal } = call;
  const { bucket, key } = target;
  // RFC 9110 clause 14.5: nobody may take a part for the whole.
  if (header(call, "content-range") !== undefined) throw new DavError(400);
  if (key === "" || target.collection) throw new DavError(405);
  locks.check(space, target, condition.tokens, false);
  const [before, folder] = await Promise.all([
    orUndefined(project.headObject(bucket, key, { signal })),
    orUndefined(project.headObject(bucket, `${key}/`, { signal })),
    requireParent(call),
  ]);
  if (folder !== undefined) throw new DavError(405);
  const match = header(call, "if-match");
  if (match !== undefined && (before === undefined || !includes(match, etagOf(before)))) throw new DavError(412);
  const noneMatch = header(call, "if-none-match");
  if (noneMatch !== undefined && before !== undefined && includes(noneMatch, etagOf(before))) throw new DavError(412);

  const hash = createHash("md5");
  async function* hashed(): AsyncGenerator<Uint8Array> {
    for await (const chunk of readBody(req, res)) {
      hash.update(chunk);
      yield chunk;
    }
  }
  try {
    const info = await project.putObject(bucket, key, hashed(), {
      custom: { "content-type": header(call, "content-type") ?? "application/octet-stream" },
      etag: () => Buffer.from(hash.digest("hex")),
      ifNoneMatch: noneMatch?.trim() === "*",
      signal,
    });
    reply(call, before === undefined ? 201 : 204, { ETag: etagOf(info) });
  } catch (error) {
    if (isPosternError(error, "bucket-not-found")) throw new DavError(409, undefined, error);
    throw error;
  }
}

/** RFC 4918 clause 9.7.1: 409 when there is no collection to put it in. Of buckets the upload itself tells. */
export async function requireParent({
  project,
  target,
  signal,
}: Pick<Call, "project" | "target" | "signal">): Promise<void> {
  const parent = parentOf(target);
  if (parent.key !== "" && (await findFolder(project, parent, signal)) === undefined) throw new DavError(409);
}
