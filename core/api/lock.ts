import type { CallSettings } from "./common.js";

/** Governance retention may be lifted by who has the permission; compliance retention by nobody. */
export type RetentionMode = "compliance" | "governance";

export interface Retention {
  readonly mode: RetentionMode;
  readonly retainUntil: Date;
}

/** What new objects of a bucket are given; days or years, not both. */
export interface DefaultRetention {
  readonly mode: RetentionMode;
  readonly days?: number;
  readonly years?: number;
}

export interface ObjectLockConfiguration {
  readonly enabled: boolean;
  readonly defaultRetention?: DefaultRetention;
}

export interface VersionSettings extends CallSettings {
  /** 16 opaque bytes; the newest when absent. */
  version?: Uint8Array;
}

export interface SetRetentionOptions extends VersionSettings {
  /** Shortens or removes governance retention, for who may; false when absent. */
  bypassGovernance?: boolean;
}

/** How new objects are locked; by the bucket's default when absent. */
export interface LockOptions {
  retention?: Retention;
  /** Keeps the version until it is lifted; false when absent. */
  legalHold?: boolean;
}
