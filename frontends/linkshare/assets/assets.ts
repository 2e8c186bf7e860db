import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";

export interface Asset {
  readonly type: string;
  readonly body: Uint8Array;
  /** With its quotes. */
  readonly etag: string;
}

/** All there are; the build copies them beside the compiled code. */
const types: ReadonlyMap<string, string> = new Map([
  ["page.css", "text/css; charset=utf-8"],
  ["page.js", "text/javascript; charset=utf-8"],
  ["icon.svg", "image/svg+xml"],
]);

const read = new Map<string, Asset>();

/** A file that the pages refer to, by its name; undefined for names that are none. Pages ask with `?v=` and the etag. */
export function assetOf(name: string): Asset | undefined {
  const type = types.get(name);
  if (type === undefined) return undefined;
  const known = read.get(name);
  if (known !== undefined) return known;
  const body = readFileSync(new URL(`./files/${name}`, import.meta.url));
  const etag = `"${createHash("sha256").update(body).digest("base64url").slice(0, 16)}"`;
  const asset = { type, body, etag };
  read.set(name, asset);
  return asset;
}
