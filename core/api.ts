/** What the core offers to frontends and to users of the library. Implemented by project.ts and its neighbours. */

/** Object keys and bucket names are bytes on the network; text is taken as UTF-8, unnormalised. */
export type Key = string | Uint8Array;

/**
 * A body: read once, in order, with backpressure, and closed early on failure. Chunks are given away: they must not be
 * changed after they were yielded.
 */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export interface BucketInfo {
  readonly name: string;
  readonly createdAt: Date;
}

/** Custom metadata: text pairs, kept encrypted with the object. At most 2 KiB in all. */
export type CustomMetadata = Readonly<Record<string, string>>;

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
  /** 16 opaque bytes. */
  readonly version: Uint8Array;
}

/** One entry of a listing: an object, or a prefix that stands for all keys below it. */
export type ListEntry =
  | { readonly kind: "object"; readonly object: ObjectInfo }
  | { readonly kind: "prefix"; readonly prefix: string; readonly prefixBytes: Uint8Array };

export interface CallSettings {
  /** Cancels the call; it rejects with `canceled`. */
  signal?: AbortSignal;
}

export interface ListBucketsOptions extends CallSettings {
  /** Names after this one; all when absent. */
  cursor?: string;
  /** Most entries to return; 1 000 when absent. */
  limit?: number;
}

export interface DeleteBucketOptions extends CallSettings {
  /** Deletes what is in the bucket with it; false when absent. */
  withObjects?: boolean;
}

export interface PutObjectOptions extends CallSettings {
  /** Custom metadata, or a function that is asked for it when the whole body has been read. */
  custom?: CustomMetadata | (() => CustomMetadata | Promise<CustomMetadata>);
  /** ETag to store, or a function that is asked for it when the whole body has been read. */
  etag?: Uint8Array | (() => Uint8Array | Promise<Uint8Array>);
  /** When the object goes away by itself; never when absent. */
  expiresAt?: Date;
  /** Fails with `object-already-exists` when the key is taken; false when absent. */
  ifNoneMatch?: boolean;
}

/** Which bytes: `{ start, end }` with `end` exclusive and absent for "to the end", or the last `suffix` bytes. */
export type ByteRange = { readonly start: number; readonly end?: number } | { readonly suffix: number };

export interface GetObjectOptions extends CallSettings {
  range?: ByteRange;
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

/**
 * Keys are encrypted component by component, and the satellite lists by encrypted bytes. So a page of a folder costs a
 * walk through the whole folder (1 000 keys a call), and a page without delimiter one through the folders it touches,
 * or through all of a small tree. Grants with the null path cipher list as cheaply as the satellite does.
 */
export interface ListObjectsOptions extends CallSettings {
  /** Only keys that start with these bytes; any prefix, not only up to a slash. */
  prefix?: Key;
  /** "/" to get prefixes instead of what is below them; everything when absent. Any other text works, slowly. */
  delimiter?: string;
  /** Entries after this key or prefix, in byte order; a prefix that the cursor lies in comes before it. */
  cursor?: Key;
  /** Most entries in the page, at most 1 000; 1 000 when absent. */
  limit?: number;
  /** Also custom metadata of objects that have an ETag; false when absent, and `custom` is empty for those. */
  custom?: boolean;
}

/** One page of a listing, in byte order of the plain keys. */
export interface ListPage<T> {
  readonly entries: readonly T[];
  /** Cursor of the next page, or undefined at the end. */
  readonly next: Uint8Array | undefined;
}

export interface BeginUploadOptions extends CallSettings {
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

/** One entry of a listing of uploads. */
export type UploadEntry =
  | { readonly kind: "upload"; readonly upload: UploadInfo }
  | { readonly kind: "prefix"; readonly prefix: string; readonly prefixBytes: Uint8Array };

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
  /** Replaces the metadata given at the start; that is kept when absent. */
  custom?: CustomMetadata;
  etag?: Uint8Array;
  /** Fails with `object-already-exists` when the key is taken; false when absent. */
  ifNoneMatch?: boolean;
}

/**
 * An open project: everything that an access grant allows. Errors are PosternErrors; those of a body, or of a function
 * among the options, are passed on as they are.
 */
export interface Project {
  createBucket(bucket: string, options?: CallSettings): Promise<BucketInfo>;
  /** `bucket-not-found` when there is none. */
  headBucket(bucket: string, options?: CallSettings): Promise<BucketInfo>;
  /** In byte order of the names. */
  listBuckets(options?: ListBucketsOptions): Promise<{ buckets: readonly BucketInfo[]; next: string | undefined }>;
  deleteBucket(bucket: string, options?: DeleteBucketOptions): Promise<void>;

  /** Stores the body; nothing is visible before the promise resolves. A failing body leaves nothing behind. */
  putObject(bucket: string, key: Key, body: ByteSource, options?: PutObjectOptions): Promise<ObjectInfo>;
  getObject(bucket: string, key: Key, options?: GetObjectOptions): Promise<ObjectDownload>;
  headObject(bucket: string, key: Key, options?: CallSettings): Promise<ObjectInfo>;
  /**
   * Succeeds also when there was no such object, or not even such a bucket. True when an object is known to have been
   * deleted: the satellite does not say so to grants that may neither read nor list.
   */
  deleteObject(bucket: string, key: Key, options?: CallSettings): Promise<boolean>;
  listObjects(bucket: string, options?: ListObjectsOptions): Promise<ListPage<ListEntry>>;

  beginUpload(bucket: string, key: Key, options?: BeginUploadOptions): Promise<UploadInfo>;
  uploadPart(
    bucket: string,
    key: Key,
    uploadId: string,
    partNumber: number,
    body: ByteSource,
    options?: UploadPartOptions,
  ): Promise<PartInfo>;
  commitUpload(bucket: string, key: Key, uploadId: string, options?: CommitUploadOptions): Promise<ObjectInfo>;
  abortUpload(bucket: string, key: Key, uploadId: string, options?: CallSettings): Promise<void>;
  listParts(
    bucket: string,
    key: Key,
    uploadId: string,
    options?: CallSettings & { after?: number; limit?: number },
  ): Promise<{ parts: readonly PartInfo[]; more: boolean }>;
  /**
   * Pending multipart uploads, by key and then by age. Pages end between keys; of a key with more uploads than a page
   * holds, the oldest are listed.
   */
  listUploads(bucket: string, options?: ListObjectsOptions): Promise<ListPage<UploadEntry>>;

  /** Gives back what the project holds. Connections that are shared stay open until their owner closes. */
  close(): Promise<void>;
}
