import { createHash } from "node:crypto";

/** One file of an archive that is made. */
export interface ArchiveEntry {
  /** Path in the archive with "/" between its parts; made safe by the writers. A "/" at the end is a folder's. */
  readonly name: string;
  readonly modified: Date;
  /** Bytes that `open` gives; others are an error. */
  readonly size: number;
  /** Called when all entries before it are written. Closed by its iterator's `return` when the archive is broken off. */
  open(): AsyncIterable<Uint8Array>;
}

export interface ArchiveOptions {
  readonly signal?: AbortSignal;
}

/**
 * A name that no program takes for a path outside of the folder it unpacks to: object keys may be anything. A name that
 * had to be changed gets a part of its hash, so that it does not become that of another entry. The two bytes of a name's
 * length in a zip are enough for all keys.
 */
export function safeEntryName(name: string): string {
  const parts = name.split("/").map((part) => part.replace(/[\u0000-\u001f\u007f\\]/g, "_").replace(/^\.\.?$/, "_"));
  const folder = parts.length > 1 && parts.at(-1) === "" ? "/" : "";
  const kept = parts.filter((part) => part !== "");
  const safe = (kept.join("/") || "_").replace(/^([a-zA-Z]):/, "$1_");
  if (safe + folder === name) return name;
  const hash = createHash("sha256").update(name).digest("hex").slice(0, 8);
  const dot = safe.lastIndexOf(".");
  const end = dot > safe.lastIndexOf("/") + 1 ? dot : safe.length;
  return `${safe.slice(0, end)}-${hash}${safe.slice(end)}${folder}`;
}

/** Of files that would not become smaller. */
export function isCompressed(name: string): boolean {
  return /\.(?:7z|aac|apk|avif|br|bz2|docx|epub|flac|gif|gz|heic|jar|jpe?g|lz4|m4[av]|mkv|mov|mp[34]|og[agv]|opus|png|pptx|rar|tgz|webm|webp|woff2?|xlsx|xz|zip|zst)$/i.test(
    name,
  );
}
