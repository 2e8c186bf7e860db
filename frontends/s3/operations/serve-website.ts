import { isPosternError, type Key } from "../../../core/index.js";
import { type Call, keyText, type Operation } from "../call.js";
import { S3Error, toS3Error } from "../errors.js";
import { redirectKey } from "../metadata.js";
import { parseQuery } from "../query.js";
import type { Reply } from "../reply.js";
import type { WebsiteSettings } from "../settings/sections.js";
import { redirectTarget, routeFor } from "../settings/website.js";
import { bytesOfText, encodePathBytes } from "../uri.js";
import { getObject } from "./get-object.js";
import { headObject } from "./head-object.js";

/**
 * Pages of a bucket to browsers, which sign nothing: what policy or ACL lets everybody read.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html
 */
export const serveWebsite: Operation = {
  name: "ServeWebsite",
  authorizesItself: true,
  async run(call) {
    const website = call.access.settings.section("website");
    if (website === undefined) return errorPage(call, new S3Error("NoSuchWebsiteConfiguration"));
    if (call.method !== "GET" && call.method !== "HEAD") return errorPage(call, new S3Error("MethodNotAllowed"));
    const asked = call.key === undefined ? "" : keyText(call.key);
    const { redirectAll } = website;
    if (redirectAll !== undefined) return movedTo(call, { redirect: redirectAll }, asked);
    const rule = routeFor(website, asked, undefined);
    if (rule !== undefined) return movedTo(call, rule, asked);
    const key = asked === "" || asked.endsWith("/") ? `${asked}${website.index ?? ""}` : asked;
    try {
      return await readPage(call, key);
    } catch (error) {
      return await failed(call, website, asked, error);
    }
  },
};

const noQuery = parseQuery("")!;

async function read(call: Call, key: Key): Promise<Reply> {
  const operation = call.method === "HEAD" ? headObject : getObject;
  await call.authorize(operation.name, { access: call.access, key });
  return operation.run(callFor(call, key));
}

/** The page, or where the object says that browsers should go in its place. */
async function readPage(call: Call, key: Key): Promise<Reply> {
  const reply = await read(call, key);
  const location = reply.headers?.[redirectKey];
  if (location === undefined) return reply;
  if (typeof reply.body === "object") reply.body.close();
  return { status: 301, headers: { Location: location } };
}

/** The same call about another key. The query means nothing: a version, say, is not what the visitor may ask for. */
function callFor(call: Call, key: Key): Call {
  return Object.create(call, { key: { value: key }, query: { value: noQuery } }) as Call;
}

async function failed(call: Call, website: WebsiteSettings, asked: string, error: unknown): Promise<Reply> {
  const s3Error = toS3Error(error);
  if (s3Error.status !== 404 && s3Error.status !== 403) throw error;
  if (asked !== "" && !asked.endsWith("/") && (await exists(call, `${asked}/${website.index ?? ""}`))) {
    return { status: 302, headers: { Location: `/${pathOf(asked)}/` } };
  }
  const rule = routeFor(website, asked, s3Error.status);
  if (rule !== undefined) return movedTo(call, rule, asked);
  if (website.error !== undefined) {
    try {
      return { ...(await read(call, website.error)), status: s3Error.status };
    } catch (inner) {
      const status = toS3Error(inner).status;
      if (status !== 404 && status !== 403) throw inner;
    }
  }
  return errorPage(call, s3Error);
}

/** Not to be taken for another host, as "//name" is. */
function pathOf(key: string): string {
  return encodePathBytes(bytesOfText(key)).replace(/^\//, "%2F");
}

async function exists(call: Call, key: string): Promise<boolean> {
  try {
    await call.authorize("HeadObject", { access: call.access, key });
    await call.project.headObject(call.bucket, key, { signal: call.signal });
    return true;
  } catch (error) {
    if (isPosternError(error, "object-not-found") || (error instanceof S3Error && error.status === 403)) return false;
    throw error;
  }
}

function movedTo(
  call: Call,
  { prefix, redirect }: Partial<WebsiteSettings["rules"][number]> & Pick<WebsiteSettings["rules"][number], "redirect">,
  key: string,
): Reply {
  const request = { key, prefix, host: call.headers.get("host") ?? "", secure: call.secure };
  return { status: redirect.status ?? 301, headers: { Location: redirectTarget(redirect, request) } };
}

function errorPage(call: Call, error: S3Error): Reply {
  const text = `${error.status} ${error.code}`;
  const body = `<!doctype html>\n<title>${text}</title>\n<h1>${text}</h1>\n`;
  const headers = { "Content-Type": "text/html; charset=utf-8" };
  return call.method === "HEAD" ? { status: error.status, headers } : { status: error.status, headers, body };
}
