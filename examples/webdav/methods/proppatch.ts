import { type Call, reply, xmlBody, xmlType } from "../call.js";
import { DavError } from "../errors.js";
import { changedMetadata, changedNames, multistatusEnd, multistatusStart, propstat } from "../properties.js";
import { findResource } from "../resource.js";
import { hrefOf } from "../target.js";
import { dav, markup } from "../xml.js";

/** PROPPATCH: all changes or none. Properties are kept with files, and with folders that have a marker. */
export async function proppatch(call: Call): Promise<void> {
  const { target, project, space, locks, condition, signal } = call;
  const body = await xmlBody(call);
  if (body === undefined) throw new DavError(400);
  const names = changedNames(body);
  locks.check(space, target, condition.tokens, false);
  const resource = await findResource(project, target, signal);
  if (resource === undefined) throw new DavError(404);
  const object = resource.kind === "file" ? resource.object : resource.kind === "folder" ? resource.marker : undefined;
  const isOwn = ({ namespace }: { namespace: string }) => namespace === dav;
  const refused = object === undefined || names.some(isOwn);
  if (!refused) {
    await project.updateMetadata(target.bucket, object.keyBytes, {
      custom: changedMetadata(object.custom, body),
      etag: object.etag,
      signal,
    });
  }
  const show = (some: typeof names) => some.map(({ namespace, name }) => markup(namespace, name, ""));
  const own = object === undefined ? names : names.filter(isOwn);
  const others = names.filter((name) => !own.includes(name));
  const stats = refused
    ? [
        propstat(show(own), "403 Forbidden"),
        ...(others.length > 0 ? [propstat(show(others), "424 Failed Dependency")] : []),
      ]
    : [propstat(show(names), "200 OK")];
  const response = `<D:response><D:href>${hrefOf(target, resource.kind !== "file")}</D:href>${stats.join("")}</D:response>`;
  reply(call, 207, xmlType, `${multistatusStart}${response}${multistatusEnd}`);
}
