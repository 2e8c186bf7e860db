import type { CallSettings } from "./common.js";

export interface BucketInfo {
  readonly name: string;
  readonly createdAt: Date;
}

export interface CreateBucketOptions extends CallSettings {
  /** Lets objects be locked, which also turns versioning on; false when absent. Never to be undone. */
  objectLock?: boolean;
  /** Name of a placement of the satellite; the project's own when absent. */
  placement?: string;
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
  /** Also objects that governance retention protects, for who may; false when absent. */
  bypassGovernance?: boolean;
}

/** "unsupported": the satellite keeps no versions in this bucket. */
export type Versioning = "unsupported" | "unversioned" | "enabled" | "suspended";

/** A label of a bucket. The satellite sees them in the clear. */
export interface BucketTag {
  readonly key: string;
  readonly value: string;
}

/** Events of a bucket that the satellite publishes. Prefix and suffix are matched with encrypted keys. */
export interface BucketNotifications {
  readonly id: string;
  readonly topicName: string;
  /** Such as "s3:ObjectCreated:*". */
  readonly events: readonly string[];
  readonly filterPrefix?: string;
  readonly filterSuffix?: string;
}
