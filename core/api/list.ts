import type { CallSettings, Key } from "./common.js";
import type { ObjectInfo } from "./object.js";
import type { UploadInfo } from "./upload.js";

/** One entry of a listing: an object, or a prefix that stands for all keys below it. */
export type ListEntry =
  | { readonly kind: "object"; readonly object: ObjectInfo }
  | { readonly kind: "prefix"; readonly prefix: string; readonly prefixBytes: Uint8Array };

/**
 * Keys are encrypted component by component, and the satellite lists by encrypted bytes. So a page of a folder costs a
 * walk through the whole folder (1 000 keys a call), and a page without delimiter one through the folders it touches,
 * or through all of a small tree. Grants with the null path cipher list as cheaply as the satellite does.
 */
export interface ListObjectsOptions extends CallSettings {
  /** Only keys that start with these bytes; any prefix, not only up to a slash. */
  prefix?: Key;
  /**
   * "/" to get prefixes instead of what is below them; everything when absent. Any other text works, slowly. With "/"
   * the satellite also names prefixes below which delete markers hide everything.
   */
  delimiter?: string;
  /** Entries after this key or prefix, in byte order; a prefix that the cursor lies in comes before it. */
  cursor?: Key;
  /**
   * The cursor is `next` of an earlier page: this one may show the bucket as it was when that listing began, which spares
   * looking at a large folder anew for each page. False when absent, and a page is of this moment.
   */
  continues?: boolean;
  /** Most entries in the page, at most 1 000; 1 000 when absent. */
  limit?: number;
  /** Also custom metadata of objects that have an ETag; false when absent, and `custom` is empty for those. */
  custom?: boolean;
  /** Neither ETags nor custom metadata are opened, which is most of the work of a listing; false when absent. */
  bare?: boolean;
}

export interface WalkOptions extends CallSettings {
  /** Most objects of a page, at most 1 000; 1 000 when absent. */
  pageSize?: number;
}

/** One page of a listing, in byte order of the plain keys. */
export interface ListPage<T> {
  readonly entries: readonly T[];
  /** Cursor of the next page, or undefined at the end. */
  readonly next: Uint8Array | undefined;
}

export interface ListVersionsOptions extends ListObjectsOptions {
  /** Goes on within the key `cursor`, after this version; after the whole key when absent. */
  versionCursor?: Uint8Array;
}

/** A page of versions: by key, the newest first. */
export interface VersionPage extends ListPage<ListEntry> {
  /** Version cursor of the next page, to go with `next`; undefined after a prefix. */
  readonly nextVersion: Uint8Array | undefined;
}

/** One entry of a listing of uploads. */
export type UploadEntry =
  | { readonly kind: "upload"; readonly upload: UploadInfo }
  | { readonly kind: "prefix"; readonly prefix: string; readonly prefixBytes: Uint8Array };
