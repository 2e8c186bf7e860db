import { PosternError } from "../../core/index.js";
import { accessDenied, LinkError, malformedRequest } from "./errors.js";
import { type Reply, redirect, textReply } from "./reply.js";
import type { LinkRequest } from "./request.js";
import { encodePath, textOf, toBytes } from "./uri.js";

/** What a path of ours names: something in a bucket. */
export interface StandardTarget {
  /** "/raw/" was asked for, and not "/s/". */
  readonly raw: boolean;
  /** Access key id or access grant. */
  readonly access: string;
  readonly bucket: string;
  /** Bytes-as-characters. */
  readonly key: string;
}

/**
 * Reads "/s/ACCESS/bucket/key" and "/raw/ACCESS/bucket/key" off a decoded path; keys may contain anything, so nothing of
 * them is normalised. Source: storj/edge sharing/standard.go.
 */
export function standardTarget(path: string): StandardTarget {
  const raw = path.startsWith("/raw/");
  const rest = path.slice(raw ? "/raw/".length : "/s/".length);
  const first = rest.indexOf("/");
  const access = first < 0 ? rest : rest.slice(0, first);
  const second = first < 0 ? -1 : rest.indexOf("/", first + 1);
  const bucketBytes = first < 0 ? "" : rest.slice(first + 1, second < 0 ? undefined : second);
  if (access === "" || bucketBytes === "") throw new LinkError(400, malformedRequest);
  const bucket = textOf(bucketBytes);
  if (!toBytes(bucketBytes).equals(Buffer.from(bucket))) throw new LinkError(400, "Invalid bucket name.");
  return { raw, access: textOf(access), bucket, key: second < 0 ? "" : rest.slice(second + 1) };
}

/** Links of before there was "/s/" (storj/edge sharing/credentials.go). */
export function redirectOldLink(request: LinkRequest, https: boolean): Reply | undefined {
  if (/^\/(?:s|raw)\//.test(request.path) || request.path === "/") return undefined;
  const scheme = https || request.secure ? "https" : "http";
  return redirect(308, `${scheme}://${request.host}/s/${encodePath(request.path.slice(1))}${queryOf(request)}`);
}

export function redirectToHttps(request: LinkRequest): Reply {
  const path = `/${encodePath(request.path.slice(1))}`;
  return redirect(308, `https://${request.host}${path}${queryOf(request)}`);
}

function queryOf({ rawQuery }: LinkRequest): string {
  const clean = rawQuery.replace(/[^!-~]/g, "");
  return clean === "" ? "" : `?${clean}`;
}

/** Tells which requests are refused whatever they name. */
export function createBlocklist(blocked: readonly string[]): (request: LinkRequest) => void {
  const exact = new Set(blocked.filter((entry) => !entry.startsWith("r:")));
  const patterns = blocked.filter((entry) => entry.startsWith("r:")).map((entry) => pattern(entry.slice(2)));
  return ({ host, path }) => {
    const where = host + textOf(path);
    if (exact.has(where) || patterns.some((pattern) => pattern.test(where))) throw new LinkError(401, accessDenied);
  };
}

function pattern(source: string): RegExp {
  try {
    return new RegExp(source);
  } catch (cause) {
    throw new PosternError("invalid-argument", `linkshare option blocked: "${source}" is no regular expression`, {
      cause,
    });
  }
}

export function healthReply(stopping: boolean): Reply {
  return stopping ? textReply(503, "down") : textReply(200, "okay");
}
