import type { CallSettings, CustomMetadata } from "./common.js";
import type { LockOptions } from "./lock.js";
import type { ByteRange } from "./object.js";

export interface BeginUploadOptions extends CallSettings, LockOptions {
  /** Custom metadata known at the start; `commitUpload` may replace it. */
  custom?: CustomMetadata;
  expiresAt?: Date;
}

export interface UploadInfo {
  readonly uploadId: string;
  readonly key: string;
  readonly keyBytes: Uint8Array;
  readonly createdAt: Date;
  readonly custom: CustomMetadata;
}

export interface UploadPartOptions extends CallSettings {
  /** ETag to store with the part, or a function that is asked for it when the whole body has been read. */
  etag?: Uint8Array | (() => Uint8Array | Promise<Uint8Array>);
}

export interface PartInfo {
  readonly partNumber: number;
  /** Plain bytes. */
  readonly size: number;
  readonly modifiedAt: Date;
  readonly etag: Uint8Array | undefined;
}

export interface CommitUploadOptions extends CallSettings {
  /**
   * Replaces the metadata given at the start. That is kept when absent, and also when empty and without an ETag: the
   * protocol does not tell "none" from "as it was".
   */
  custom?: CustomMetadata;
  etag?: Uint8Array;
  /** Fails with `object-already-exists` when the key is taken; false when absent. */
  ifNoneMatch?: boolean;
}

export interface CopyPartOptions extends UploadPartOptions {
  /** Which bytes of the source; all when absent. */
  range?: ByteRange;
}
