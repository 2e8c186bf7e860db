import { bytesOf, decodeBytes, encodeBytes, textOf } from "./uri.js";

/** The query of a request: the first value of each name, as bytes-as-characters. */
export type Query = ReadonlyMap<string, string>;

/** More parameters than any of our pages has. */
const mostParameters = 64;

/** Broken pairs are left out, as Go's net/url does. */
export function parseQuery(text: string): Query {
  const query = new Map<string, string>();
  for (const piece of text.split("&", mostParameters)) {
    if (piece === "" || piece.includes(";")) continue;
    const equals = piece.indexOf("=");
    const name = decodeBytes((equals < 0 ? piece : piece.slice(0, equals)).replaceAll("+", " "));
    const value = decodeBytes(equals < 0 ? "" : piece.slice(equals + 1).replaceAll("+", " "));
    if (name !== undefined && value !== undefined && !query.has(name)) query.set(name, value);
  }
  return query;
}

/** A flag that is there without a value is on; "no", "false", "0" and "off" are off (storj/edge sharing/utils.go). */
export function flag(query: Query, name: string, fallback: boolean): boolean {
  const value = query.get(name);
  return value === undefined ? fallback : !/^(?:no|false|0|off)$/i.test(value);
}

/** What a query asks of whatever the path leads to. */
export interface Wishes {
  /** As an attachment. */
  readonly download: boolean;
  /** The bytes themselves, and no page around them. */
  readonly raw: boolean;
  readonly map: boolean;
  /** A small image in place of the whole one. */
  readonly thumbnail: boolean;
  /** An entry of the zip archive; "/" is all of them. Undefined also where empty. */
  readonly path: string | undefined;
  /** Bytes-as-characters; "" begins at the begin. */
  readonly cursor: string;
  /** "zip", "tar.gz" or what nobody knows. */
  readonly downloadKind: string | undefined;
}

/** Source: storj/edge sharing/present.go. */
export function wishesOf(query: Query, wrapByDefault: boolean): Wishes {
  const download = flag(query, "download", false);
  const wrap = flag(query, "wrap", !flag(query, "view", !wrapByDefault));
  const map = flag(query, "map", false);
  const path = textOf(query.get("path") ?? "");
  const downloadKind = textOf(query.get("download-kind") ?? "");
  return {
    download,
    raw: (download || !wrap) && !map,
    map,
    // Exactly: sites may have parameters of that name.
    thumbnail: query.get("thumbnail") === "1",
    path: path === "" ? undefined : path,
    cursor: query.get("cursor") ?? "",
    downloadKind: downloadKind === "" ? undefined : downloadKind,
  };
}

/** Adds parameters to a URL; those that are undefined or empty are left out. Values are text. */
export function withQuery(url: string, parameters: Readonly<Record<string, string | undefined>>): string {
  const pairs = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [`${name}=${encodeBytes(bytesOf(value))}`],
  );
  if (pairs.length === 0) return url;
  return `${url}${url.includes("?") ? "&" : "?"}${pairs.join("&")}`;
}
