import type { ByteRange, ObjectInfo } from "postern";
import { sendStream } from "postern/frontend";
import { type Call, header, reply } from "../call.js";
import { DavError } from "../errors.js";
import { contentTypeOf } from "../properties.js";
import { etagOf, findResource } from "../resource.js";
import { prefixOf } from "../target.js";
import { escapeXml } from "../xml.js";

/** GET and HEAD: files with ranges and conditions, collections as a page with links. */
export async function get(call: Call): Promise<void> {
  const { req, res, target, project, signal } = call;
  const resource = await findResource(project, target, signal);
  if (resource === undefined) throw new DavError(404);
  if (resource.kind !== "file") return await page(call);
  const { object } = resource;
  // Encrypted with a key that the client keeps, and that WebDAV has no header for (S3's SSE-C).
  if (object.custom["s3:sse-c"] !== undefined) throw new DavError(403);
  const headers = headersOf(object);
  if (isUnchanged(call, object)) {
    res.writeHead(304, headers).end();
    return;
  }
  const range = wantedRange(call, object);
  if (req.method === "HEAD") {
    res.writeHead(200, { ...headers, "Content-Length": object.size }).end();
    return;
  }
  const { body, offset, length } = await project.getObject(target.bucket, target.key, {
    range,
    version: object.version,
    signal,
  });
  const more = range === undefined ? {} : { "Content-Range": `bytes ${offset}-${offset + length - 1}/${object.size}` };
  res.writeHead(range === undefined ? 200 : 206, { ...headers, ...more, "Content-Length": length });
  await sendStream(res, body);
}

function headersOf(object: ObjectInfo): Record<string, string> {
  return {
    "Content-Type": contentTypeOf(object),
    "Last-Modified": object.createdAt.toUTCString(),
    ETag: etagOf(object),
    "Accept-Ranges": "bytes",
    // What users store must not act as a page of this server.
    "Content-Security-Policy": "sandbox",
    "X-Content-Type-Options": "nosniff",
  };
}

/** RFC 9110 clause 13.2.2: whether the client has it already. Throws 412 when what it has is no longer what is there. */
function isUnchanged(call: Call, object: ObjectInfo): boolean {
  const etag = etagOf(object);
  const match = header(call, "if-match");
  if (match !== undefined ? !includes(match, etag) : isNewer(object, header(call, "if-unmodified-since"))) {
    throw new DavError(412);
  }
  const noneMatch = header(call, "if-none-match");
  if (noneMatch !== undefined) return includes(noneMatch, etag);
  const since = header(call, "if-modified-since");
  return since !== undefined && !isNewer(object, since);
}

export function includes(list: string, etag: string): boolean {
  return list.trim() === "*" || list.split(",").some((one) => one.trim().replace(/^W\//, "") === etag);
}

function isNewer({ createdAt }: ObjectInfo, date: string | undefined): boolean {
  const time = date === undefined ? Number.NaN : Date.parse(date);
  return !Number.isNaN(time) && Math.floor(createdAt.getTime() / 1_000) * 1_000 > time;
}

/** One range; of several, and of what does not parse, the whole is sent (RFC 9110 clause 14.2). */
function wantedRange(call: Call, object: ObjectInfo): ByteRange | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header(call, "range") ?? "");
  const condition = header(call, "if-range");
  if (match === null || call.req.method === "HEAD") return undefined;
  if (condition !== undefined && condition !== etagOf(object) && condition !== object.createdAt.toUTCString()) {
    return undefined;
  }
  const [, first, last] = match;
  if (first === "" && last === "") return undefined;
  if (first === "") return Number(last) === 0 ? unsatisfiable(call, object) : { suffix: Number(last) };
  const start = Number(first);
  if (start >= object.size) return unsatisfiable(call, object);
  if (last !== "" && Number(last) < start) return undefined;
  return { start, end: last === "" ? undefined : Number(last) + 1 };
}

function unsatisfiable({ res }: Call, object: ObjectInfo): never {
  res.setHeader("Content-Range", `bytes */${object.size}`);
  throw new DavError(416);
}

/** For people with a browser. */
async function page(call: Call): Promise<void> {
  const { target, project, signal, req } = call;
  const names: string[] = [];
  if (target.bucket === "") {
    const { buckets } = await project.listBuckets({ signal });
    names.push(...buckets.map(({ name }) => `${name}/`));
  } else {
    const prefix = prefixOf(target);
    const { entries, next } = await project.listObjects(target.bucket, { prefix, delimiter: "/", signal });
    const keys = entries.map((entry) => (entry.kind === "object" ? entry.object.key : entry.prefix));
    names.push(...keys.map((key) => key.slice(prefix.length)).filter((name) => name !== ""));
    if (next !== undefined) names.push("…");
  }
  const links = names.map((name) => {
    const path = name.split("/").map(encodeURIComponent).join("/");
    return `<li><a href="./${path}">${escapeXml(name)}</a></li>`;
  });
  const body = `<!doctype html><meta charset="utf-8"><title>WebDAV</title><ul>\n${links.join("\n")}\n</ul>\n`;
  const headers = { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": "sandbox" };
  if (req.method === "HEAD") reply(call, 200, headers);
  else reply(call, 200, headers, body);
}
