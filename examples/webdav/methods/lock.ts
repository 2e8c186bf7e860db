import { type Call, header, isDeep, reply, xmlBody, xmlType } from "../call.js";
import { DavError } from "../errors.js";
import type { Lock } from "../locks.js";
import { activeLock } from "../properties.js";
import { findResource } from "../resource.js";
import { child, dav } from "../xml.js";
import { requireParent } from "./put.js";

/** LOCK: a new lock, which makes an empty file where there is nothing (RFC 4918 clause 7.3), or more time for an old one. */
export async function lock(call: Call): Promise<void> {
  const { target, project, space, locks, condition, signal } = call;
  const body = await xmlBody(call);
  const seconds = secondsOf(header(call, "timeout"));
  if (body === undefined) return answer(call, 200, locks.refresh(space, target, condition.tokens, seconds));
  const type = child(body, "locktype");
  const scope = child(body, "lockscope");
  if (body.namespace !== dav || body.name !== "lockinfo" || type === undefined || scope === undefined) {
    throw new DavError(400);
  }
  if (child(type, "write") === undefined) throw new DavError(422);
  if (target.bucket === "") throw new DavError(403);
  const resource = await findResource(project, target, signal);
  if (resource === undefined) await requireParent(call);
  const taken = locks.take({
    space,
    target: { bucket: target.bucket, key: target.key },
    collection: resource !== undefined && resource.kind !== "file",
    exclusive: child(scope, "shared") === undefined,
    infinite: isDeep(call, true),
    owner: child(body, "owner")?.inner ?? "",
    seconds,
  });
  try {
    if (resource === undefined) {
      const etag = Buffer.from("d41d8cd98f00b204e9800998ecf8427e"); // MD5 of nothing
      await project.putObject(target.bucket, target.key, [], { etag, ifNoneMatch: true, signal });
    }
  } catch (error) {
    locks.release(space, target, taken.token);
    throw error;
  }
  answer(call, resource === undefined ? 201 : 200, taken, { "Lock-Token": `<${taken.token}>` });
}

export async function unlock(call: Call): Promise<void> {
  const { target, space, locks } = call;
  const [, token] = /^<([^>]+)>$/.exec(header(call, "lock-token")?.trim() ?? "") ?? [];
  if (token === undefined) throw new DavError(400);
  locks.release(space, target, token);
  reply(call, 204);
}

function answer(call: Call, status: number, taken: Lock, headers: Readonly<Record<string, string>> = {}): void {
  const discovery = `<D:lockdiscovery>${activeLock(taken)}</D:lockdiscovery>`;
  const body = `<?xml version="1.0" encoding="utf-8"?>\n<D:prop xmlns:D="DAV:">${discovery}</D:prop>\n`;
  reply(call, status, { ...xmlType, ...headers }, body);
}

/** The first that says a number; "Infinite" is as long as is allowed. */
function secondsOf(timeout: string | undefined): number | undefined {
  const found = /Second-(\d{1,10})/i.exec(timeout ?? "");
  return found === null ? undefined : Math.max(1, Number(found[1]));
}
