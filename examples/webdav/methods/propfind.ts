import type { Project } from "postern";
import { sendStream } from "postern/frontend";
import { type Call, header, xmlBody, xmlType } from "../call.js";
import { DavError } from "../errors.js";
import { multistatusEnd, multistatusStart, propertyRequestOf, responseOf } from "../properties.js";
import { findResource, type Resource } from "../resource.js";
import { prefixOf, type Target } from "../target.js";

interface Found {
  readonly target: Pick<Target, "bucket" | "key">;
  readonly resource: Resource;
}

/** PROPFIND of depth 0 and 1. Large collections are sent as they are listed, a page at a time. */
export async function propfind(call: Call): Promise<void> {
  const { res, target, project, space, locks, signal } = call;
  const depth = header(call, "depth")?.toLowerCase() ?? "infinity";
  const request = propertyRequestOf(await xmlBody(call));
  if (depth === "infinity") throw new DavError(403, "propfind-finite-depth");
  if (depth !== "0" && depth !== "1") throw new DavError(400);
  const resource = await findResource(project, target, signal);
  if (resource === undefined) throw new DavError(404);
  const self = { target, resource };
  const listed = depth === "1" && resource.kind !== "file" ? members(project, target, signal) : [];
  const iterator = pages(self, listed);
  // What fails before the first page can still be told by a status.
  const first = await iterator.next();
  res.writeHead(207, xmlType);
  const answer = ({ target, resource }: Found) => responseOf(target, resource, request, locks.on(space, target));
  await sendStream(
    res,
    (async function* body() {
      yield Buffer.from(multistatusStart);
      for (let page = first; page.done !== true; page = await iterator.next()) {
        yield Buffer.from(page.value.map(answer).join("\n"));
      }
      yield Buffer.from(multistatusEnd);
    })(),
  );
}

async function* pages(
  self: Found,
  rest: AsyncIterable<readonly Found[]> | Iterable<readonly Found[]>,
): AsyncGenerator<readonly Found[], undefined> {
  let head: readonly Found[] = [self];
  for await (const page of rest) {
    yield [...head, ...page];
    head = [];
  }
  if (head.length > 0) yield head;
  return undefined;
}

async function* members(project: Project, target: Target, signal: AbortSignal): AsyncGenerator<readonly Found[]> {
  const { bucket } = target;
  if (bucket === "") {
    for (let cursor: string | undefined; ; ) {
      const { buckets, next } = await project.listBuckets({ cursor, signal });
      yield buckets.map((info) => ({
        target: { bucket: info.name, key: "" },
        resource: { kind: "bucket", bucket: info },
      }));
      if (next === undefined) return;
      cursor = next;
    }
  }
  const prefix = prefixOf(target);
  for (let cursor: Uint8Array | undefined; ; ) {
    const page = await project.listObjects(bucket, { prefix, delimiter: "/", cursor, custom: true, signal });
    yield page.entries.flatMap((entry): Found[] => {
      if (entry.kind === "prefix") {
        const key = entry.prefix.replace(/\/$/, "");
        return isPath(key) ? [{ target: { bucket, key }, resource: { kind: "folder", marker: undefined } }] : [];
      }
      const { object } = entry;
      // The folder's own marker, and keys that no path can name.
      if (object.key === prefix || !isPath(object.key)) return [];
      return [{ target: { bucket, key: object.key }, resource: { kind: "file", object } }];
    });
    if (page.next === undefined) return;
    cursor = page.next;
  }
}

/** Keys may hold what URLs can not say: empty names, "." and "..". */
function isPath(key: string): boolean {
  return key.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}
