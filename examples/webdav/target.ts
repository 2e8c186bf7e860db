import { DavError } from "./errors.js";

/** What a path names. Collections are kept without their last slash; `collection` says whether the path had one. */
export interface Target {
  /** "" is the root, where the buckets are. */
  readonly bucket: string;
  /** Key without a slash at its end; "" is the bucket itself. */
  readonly key: string;
  readonly collection: boolean;
}

/** Reads the path of a URL (origin or absolute form). Throws 400 for what is no path of a resource. */
export function targetOf(pathname: string): Target {
  let parts: string[];
  try {
    parts = pathname.split("/").slice(1).map(decodeURIComponent);
  } catch (cause) {
    throw new DavError(400, undefined, cause);
  }
  const collection = parts.at(-1) === "";
  if (collection) parts.pop();
  if (parts.some((part) => part === "" || part === "." || part === ".." || part.includes("\0") || part.includes("/"))) {
    throw new DavError(400);
  }
  const [bucket = "", ...rest] = parts;
  return { bucket, key: rest.join("/"), collection: collection || rest.length === 0 };
}

/** The Destination header: an absolute URL of this server, or a path (RFC 4918 clause 10.3). */
export function destinationOf(header: string | undefined, host: string | undefined): Target {
  if (header === undefined) throw new DavError(400);
  let url: URL;
  try {
    url = new URL(header, "http://here.invalid");
  } catch (cause) {
    throw new DavError(400, undefined, cause);
  }
  if (url.host !== "here.invalid" && url.host !== host) throw new DavError(502);
  return targetOf(url.pathname);
}

/** The path of a resource, encoded; collections end with a slash (RFC 4918 clause 5.2). */
export function hrefOf({ bucket, key }: Pick<Target, "bucket" | "key">, collection: boolean): string {
  const path = [bucket, ...key.split("/")].filter((part) => part !== "").map(encodeURIComponent);
  return path.length === 0 ? "/" : `/${path.join("/")}${collection ? "/" : ""}`;
}

/** Prefix of all keys in a collection. */
export function prefixOf({ key }: Pick<Target, "key">): string {
  return key === "" ? "" : `${key}/`;
}

export function parentOf({ bucket, key }: Target): Target {
  if (key === "") return { bucket: "", key: "", collection: true };
  return { bucket, key: key.includes("/") ? key.slice(0, key.lastIndexOf("/")) : "", collection: true };
}

/** Whether `inner` is `outer` or in it. */
export function isWithin(outer: Pick<Target, "bucket" | "key">, inner: Pick<Target, "bucket" | "key">): boolean {
  if (outer.bucket === "") return true;
  if (outer.bucket !== inner.bucket) return false;
  return outer.key === "" || inner.key === outer.key || inner.key.startsWith(`${outer.key}/`);
}
