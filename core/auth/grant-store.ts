/**
 * The seam between the auth service and whatever keeps its records. Nothing here can be decrypted without the access
 * key, which is never stored; records are found by the hash of it.
 */

/** Shapes and meaning: storj/edge pkg/auth/authdb. */
export interface GrantRecord {
  /** Satellite address as written in the grant: "id@host:port". */
  readonly satelliteAddress: string;
  /** 32 bytes that name the API key of the grant on its satellite. */
  readonly macaroonHead: Uint8Array;
  /** AES-256-GCM of the 32-byte secret key: 48 bytes. */
  readonly encryptedSecretKey: Uint8Array;
  /** AES-256-GCM of the grant's text. */
  readonly encryptedAccessGrant: Uint8Array;
  /** Milliseconds since the epoch; undefined = never. */
  readonly expiresAt: number | undefined;
  /** Whether the access key id alone opens the grant (link sharing). */
  readonly public: boolean;
  /** Sorted, lower case, distinct, without commas. */
  readonly usageTags: readonly string[];
  /** 16 bytes, when known. */
  readonly publicProjectId: Uint8Array | undefined;
  /** Milliseconds since the epoch, when known. */
  readonly projectCreatedAt: number | undefined;
}

export interface StoredGrantRecord extends GrantRecord {
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  /** Set when an administrator invalidated the record. */
  readonly invalidation: { readonly reason: string; readonly at: number } | undefined;
}

/** A record as administrators find it. */
export interface FoundGrantRecord extends StoredGrantRecord {
  /** 32 bytes. */
  readonly keyHash: Uint8Array;
}

/** Which records an administrator means. */
export type RecordSelector = { readonly keyHash: Uint8Array } | { readonly macaroonHead: Uint8Array };

export interface GrantStore {
  /** Keeps a record under a 32-byte key hash. Fails with `already-exists` if there is one, whatever its state. */
  put(keyHash: Uint8Array, record: GrantRecord): Promise<void>;
  /** The record, also when invalidated; undefined when unknown or expired. */
  get(keyHash: Uint8Array): Promise<StoredGrantRecord | undefined>;
  /** At most `limit` of the records, also invalidated and expired ones that are still there. */
  find(selector: RecordSelector, limit: number): Promise<FoundGrantRecord[]>;
  /** Marks the records invalid and keeps the reason; returns how many were valid before. */
  invalidate(selector: RecordSelector, reason: string): Promise<number>;
  /** Makes the records private; returns how many were public before. */
  unpublish(selector: RecordSelector): Promise<number>;
  /** Removes the records; returns how many there were. */
  delete(selector: RecordSelector): Promise<number>;
  /** Removes at most `limit` expired records; returns how many it removed. */
  deleteExpired(limit: number): Promise<number>;
  /** Rejects with `unavailable` when records can be neither read nor written. */
  ping(): Promise<void>;
  close(): Promise<void>;
}
