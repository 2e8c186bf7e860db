/** What the core offers to frontends and to users of the library. Implemented by project.ts and its neighbours. */
import type { AccessGrant } from "./access/grant.js";
import type {
  BucketInfo,
  BucketNotifications,
  BucketTag,
  CreateBucketOptions,
  DeleteBucketOptions,
  ListBucketsOptions,
  Versioning,
} from "./api/bucket.js";
import type { ByteSource, CallSettings, CustomMetadata, Key } from "./api/common.js";
import type {
  ListEntry,
  ListObjectsOptions,
  ListPage,
  ListVersionsOptions,
  UploadEntry,
  VersionPage,
  WalkOptions,
} from "./api/list.js";
import type { ObjectLockConfiguration, Retention, SetRetentionOptions, VersionSettings } from "./api/lock.js";
import type {
  CopyObjectOptions,
  DeleteItemResult,
  DeleteObjectOptions,
  DeleteObjectsOptions,
  DeleteResult,
  GetObjectOptions,
  ObjectDownload,
  ObjectInfo,
  ObjectPart,
  ObjectPlacement,
  ObjectSource,
  ObjectTarget,
  ObjectToDelete,
  PutObjectOptions,
  UpdateMetadataOptions,
} from "./api/object.js";
import type {
  BeginUploadOptions,
  CommitUploadOptions,
  CopyPartOptions,
  PartInfo,
  UploadInfo,
  UploadPartOptions,
} from "./api/upload.js";

export type * from "./api/bucket.js";
export type * from "./api/common.js";
export type * from "./api/list.js";
export type * from "./api/lock.js";
export type * from "./api/object.js";
export type * from "./api/upload.js";

export interface ProjectInfo {
  /** 16 bytes; undefined when the satellite does not say. */
  readonly publicId: Uint8Array | undefined;
  readonly createdAt: Date | undefined;
}

/**
 * An open project: everything that an access grant allows. Errors are PosternErrors; those of a body, or of a function
 * among the options, are passed on as they are.
 */
export interface Project {
  createBucket(bucket: string, options?: CreateBucketOptions): Promise<BucketInfo>;
  /** `bucket-not-found` when there is none. */
  headBucket(bucket: string, options?: CallSettings): Promise<BucketInfo>;
  /** In byte order of the names. */
  listBuckets(options?: ListBucketsOptions): Promise<{ buckets: readonly BucketInfo[]; next: string | undefined }>;
  deleteBucket(bucket: string, options?: DeleteBucketOptions): Promise<void>;

  /** Name of the bucket's placement, as the satellite calls it. */
  getBucketLocation(bucket: string, options?: CallSettings): Promise<string>;
  getBucketVersioning(bucket: string, options?: CallSettings): Promise<Versioning>;
  /** Suspends when false: versions stay, new ones are not kept. `lock-state-invalid` where objects may be locked. */
  setBucketVersioning(bucket: string, enabled: boolean, options?: CallSettings): Promise<void>;
  /** `tags-not-found` when there are none. */
  getBucketTags(bucket: string, options?: CallSettings): Promise<readonly BucketTag[]>;
  /** Replaces all; none removes them. `tag-invalid` */
  setBucketTags(bucket: string, tags: readonly BucketTag[], options?: CallSettings): Promise<void>;
  /** `lock-not-enabled` for buckets whose objects can not be locked. */
  getObjectLockConfiguration(bucket: string, options?: CallSettings): Promise<ObjectLockConfiguration>;
  setObjectLockConfiguration(
    bucket: string,
    configuration: ObjectLockConfiguration,
    options?: CallSettings,
  ): Promise<void>;
  /** Undefined when there are none. */
  getBucketNotifications(bucket: string, options?: CallSettings): Promise<BucketNotifications | undefined>;
  /** Undefined removes them. */
  setBucketNotifications(
    bucket: string,
    notifications: BucketNotifications | undefined,
    options?: CallSettings,
  ): Promise<void>;

  /** Stores the body; nothing is visible before the promise resolves. A failing body leaves nothing behind. */
  putObject(bucket: string, key: Key, body: ByteSource, options?: PutObjectOptions): Promise<ObjectInfo>;
  getObject(bucket: string, key: Key, options?: GetObjectOptions): Promise<ObjectDownload>;
  /** `object-not-found`; `method-not-allowed` when the version is a delete marker. */
  headObject(bucket: string, key: Key, options?: VersionSettings): Promise<ObjectInfo>;
  /** The parts of its multipart upload, in order; one of number 0 when it was stored whole. */
  objectParts(bucket: string, key: Key, options?: VersionSettings): Promise<readonly ObjectPart[]>;
  /**
   * Without a version: removes the object, or hides it behind a delete marker where the bucket keeps versions. Succeeds
   * also when there was no such object, or not even such a bucket. `object-protected` when it is locked.
   */
  deleteObject(bucket: string, key: Key, options?: DeleteObjectOptions): Promise<DeleteResult>;
  /** Any number, a thousand a call; one result for each, in the same order. */
  deleteObjects(
    bucket: string,
    objects: readonly ObjectToDelete[],
    options?: DeleteObjectsOptions,
  ): Promise<DeleteItemResult[]>;
  listObjects(bucket: string, options?: ListObjectsOptions): Promise<ListPage<ListEntry>>;
  /**
   * All objects whose keys start with a prefix, with what a `bare` listing tells of them, in no order: one call a page,
   * however large the tree is. No page is empty.
   */
  walkObjects(bucket: string, prefix: Key, options?: WalkOptions): AsyncIterable<readonly ObjectInfo[]>;
  /** All versions with delete markers, by key, the newest first. */
  listVersions(bucket: string, options?: ListVersionsOptions): Promise<VersionPage>;
  /** Copies at the satellite: the pieces stay where they are, the keys are wrapped anew. At most 10 000 segments. */
  copyObject(source: ObjectSource, target: ObjectTarget, options?: CopyObjectOptions): Promise<ObjectInfo>;
  /** As `copyObject`, without a copy. Takes the newest version; it must not be locked. */
  moveObject(source: ObjectTarget, target: ObjectTarget, options?: CallSettings): Promise<void>;
  /** Of the newest version. `object-not-found` also when it was replaced meanwhile. */
  updateMetadata(bucket: string, key: Key, options: UpdateMetadataOptions): Promise<void>;
  /** `retention-not-found` when there is none. */
  getRetention(bucket: string, key: Key, options?: VersionSettings): Promise<Retention>;
  /** Undefined removes it. `object-protected` */
  setRetention(
    bucket: string,
    key: Key,
    retention: Retention | undefined,
    options?: SetRetentionOptions,
  ): Promise<void>;
  getLegalHold(bucket: string, key: Key, options?: VersionSettings): Promise<boolean>;
  setLegalHold(bucket: string, key: Key, enabled: boolean, options?: VersionSettings): Promise<void>;
  objectPlacement(bucket: string, key: Key, options?: VersionSettings): Promise<ObjectPlacement>;

  beginUpload(bucket: string, key: Key, options?: BeginUploadOptions): Promise<UploadInfo>;
  uploadPart(
    bucket: string,
    key: Key,
    uploadId: string,
    partNumber: number,
    body: ByteSource,
    options?: UploadPartOptions,
  ): Promise<PartInfo>;
  /** Streams from the source to the part: the protocol has no copy of parts at the satellite. */
  copyPart(
    bucket: string,
    key: Key,
    uploadId: string,
    partNumber: number,
    source: ObjectSource,
    options?: CopyPartOptions,
  ): Promise<PartInfo>;
  commitUpload(bucket: string, key: Key, uploadId: string, options?: CommitUploadOptions): Promise<ObjectInfo>;
  abortUpload(bucket: string, key: Key, uploadId: string, options?: CallSettings): Promise<void>;
  /** Custom metadata that the upload was begun with; fails with `upload-not-found`. For who may read or list the key. */
  uploadMetadata(bucket: string, key: Key, uploadId: string, options?: CallSettings): Promise<CustomMetadata>;
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

  projectInfo(options?: CallSettings): Promise<ProjectInfo>;
  /** Ends a grant that was derived from this one, and all derived from it, for good. `permission-denied` */
  revokeAccess(grant: string | AccessGrant, options?: CallSettings): Promise<void>;

  /** Gives back what the project holds. Connections that are shared stay open until their owner closes. */
  close(): Promise<void>;
}
