import type { CallSettings, CustomMetadata, Key } from "./common.js";
import type { LockOptions, Retention, VersionSettings } from "./lock.js";

export interface ObjectInfo {
  /** The key as UTF-8 text; `keyBytes` is exact where a key is not valid UTF-8. */
  readonly key: string;
  readonly keyBytes: Uint8Array;
  /** Plain bytes. */
  readonly size: number;
  readonly createdAt: Date;
  readonly expiresAt: Date | undefined;
  readonly custom: CustomMetadata;
  /** Decrypted ETag, when the uploader stored one. */
  readonly etag: Uint8Array | undefined;
  /** 16 opaque bytes; empty in listings of objects, which do not carry it. */
  readonly version: Uint8Array;
  /** Written while the bucket kept versions. */
  readonly versioned: boolean;
  /** A version that stands for "deleted". Only `listVersions` shows them. */
  readonly isDeleteMarker: boolean;
  /** Whether no version is newer; undefined where the satellite does not say, which is outside of `listVersions`. */
  readonly isLatest: boolean | undefined;
  /** Undefined also where the grant may not see it, and in listings. */
  readonly retention: Retention | undefined;
  /** Undefined where the grant may not see it, and in listings. */
  readonly legalHold: boolean | undefined;
}

export interface PutObjectOptions extends CallSettings, LockOptions {
  /** Custom metadata, or a function that is asked for it when the whole body has been read. */
  custom?: CustomMetadata | (() => CustomMetadata | Promise<CustomMetadata>);
  /** ETag to store, or a function that is asked for it when the whole body has been read. */
  etag?: Uint8Array | (() => Uint8Array | Promise<Uint8Array>);
  /** When the object goes away by itself; never when absent. */
  expiresAt?: Date;
  /**
   * Fails with `object-already-exists` when the key is taken; false when absent. A small body goes in one round trip,
   * of which the real satellite may keep a pending upload then, for a day at most.
   */
  ifNoneMatch?: boolean;
}

/** Which bytes: `{ start, end }` with `end` exclusive and absent for "to the end", or the last `suffix` bytes. */
export type ByteRange = { readonly start: number; readonly end?: number } | { readonly suffix: number };

export interface GetObjectOptions extends VersionSettings {
  range?: ByteRange;
}

export interface ObjectPart {
  readonly partNumber: number;
  /** Plain bytes. */
  readonly size: number;
}

/** An object with the means to read it. The body costs nothing until it is iterated; `close` if it never is. */
export interface ObjectDownload {
  readonly info: ObjectInfo;
  /** Offset and length of the body within the object, after the range was cut to its size. */
  readonly offset: number;
  readonly length: number;
  readonly body: AsyncIterable<Uint8Array>;
  close(): void;
}

export interface DeleteObjectOptions extends VersionSettings {
  /** Also when governance retention protects it, for who may; false when absent. */
  bypassGovernance?: boolean;
}

/** What a deletion did. The satellite says nothing to grants that may neither read nor list. */
export interface DeleteResult {
  /** An object, or a version, is known to be gone or hidden by a delete marker. */
  readonly deleted: boolean;
  /** Of the version that was removed, or of the delete marker that was added. */
  readonly version: Uint8Array | undefined;
  /** `version` is a delete marker: added, or removed when its version was named. */
  readonly isDeleteMarker: boolean;
}

export interface ObjectToDelete {
  readonly key: Key;
  readonly version?: Uint8Array;
}

export interface DeleteObjectsOptions extends CallSettings {
  bypassGovernance?: boolean;
}

export interface DeletedVersion {
  readonly version: Uint8Array;
  readonly isDeleteMarker: boolean;
}

export interface DeleteItemResult {
  readonly key: string;
  readonly keyBytes: Uint8Array;
  readonly status: "ok" | "not-found" | "unauthorized" | "locked" | "error";
  readonly removed: DeletedVersion | undefined;
  /** The delete marker that was added. */
  readonly marker: DeletedVersion | undefined;
}

export interface ObjectSource {
  readonly bucket: string;
  readonly key: Key;
  /** The newest when absent. */
  readonly version?: Uint8Array;
}

export interface ObjectTarget {
  readonly bucket: string;
  readonly key: Key;
}

export interface CopyObjectOptions extends CallSettings, LockOptions {
  /** Replaces custom metadata and ETag, which are the source's when absent. */
  replace?: { readonly custom: CustomMetadata; readonly etag?: Uint8Array };
  /** Fails with `object-already-exists` when the key is taken; false when absent. */
  ifNoneMatch?: boolean;
}

export interface UpdateMetadataOptions extends CallSettings {
  /** Replaces all custom metadata. */
  custom: CustomMetadata;
  /** The one that is there is kept when absent. */
  etag?: Uint8Array;
}

/** Where the pieces of an object are. */
export interface ObjectPlacement {
  /** "address:port" of nodes that hold pieces, each once. */
  readonly addresses: readonly string[];
  readonly segmentCount: number;
  readonly pieceCount: number;
  /** Pieces on nodes that answer. */
  readonly reliablePieceCount: number;
  readonly placementConstraint: number;
}
