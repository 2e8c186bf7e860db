import { withQuery } from "./query.js";
import { baseName, encodeBytes, encodePath } from "./uri.js";

/** URLs of what is shared, from the root of the host. Keys are bytes-as-characters. */
export interface Links {
  /** Page around an object. */
  object(key: string, parameters?: Readonly<Record<string, string | undefined>>): string;
  /** Page of a folder; the key is empty or ends in "/". */
  folder(key: string, parameters?: Readonly<Record<string, string | undefined>>): string;
  /** The object itself. */
  raw(key: string, parameters?: Readonly<Record<string, string | undefined>>): string;
  /** "https://host" in front of any of these. */
  readonly origin: string;
}

/** Links below /s/ and /raw/. */
export function standardLinks(access: string, bucket: string, origin: string): Links {
  // Bucket and key are one path, so that a key that begins with ".." keeps it.
  const path = (key: string) => `${encodeBytes(access)}/${encodePath(`${bucket}/${key}`)}`;
  return {
    object: (key, parameters = {}) => withQuery(`/s/${path(key)}`, parameters),
    folder: (key, parameters = {}) => withQuery(`/s/${path(key)}`, parameters),
    raw: (key, parameters = {}) => withQuery(`/raw/${path(key)}`, parameters),
    origin,
  };
}

/** Links of a site, whose root is the folder `prefix` of the bucket. */
export function siteLinks(prefix: string, origin: string): Links {
  const path = (key: string) => {
    const rest = key.slice(prefix.length);
    // "//x" would be another host.
    return rest.startsWith("/") ? `/%2F${encodePath(rest.slice(1))}` : `/${encodePath(rest)}`;
  };
  return {
    object: (key, parameters = {}) => withQuery(path(key), { wrap: "1", ...parameters }),
    folder: (key, parameters = {}) => withQuery(path(key), parameters),
    raw: (key, parameters = {}) => withQuery(path(key), parameters),
    origin,
  };
}

/** Key of the folder that an object or folder is in; "" at the top. */
export function parentOf(key: string): string {
  const trimmed = key.replace(/\/$/, "");
  return trimmed.slice(0, trimmed.lastIndexOf("/") + 1);
}

/** What a key is called. */
export function nameOf(key: string, bucket: string): string {
  return baseName(key) || bucket;
}
