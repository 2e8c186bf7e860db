/**
 * The seam between bucket settings that a satellite can not hold (CORS, policy, access lists, lifecycle, …) and
 * whatever keeps them, so that all gateways on one database agree.
 */

/** A bucket of a project on a satellite: names are unique only within a project. */
export interface BucketId {
  /** Text of the satellite's node id. */
  readonly satellite: string;
  /** What names the project, in hexadecimal: its public id, where the satellite tells it. */
  readonly project: string;
  readonly bucket: string;
}

export interface BucketSettingsRecord {
  /** Documents by the name of the setting. In the clear: they decide before any key is at hand. */
  readonly sections: Readonly<Record<string, string>>;
  /** An access grant limited to the bucket, encrypted; present while something acts without the owner's signature. */
  readonly sealedGrant: Uint8Array | undefined;
}

export interface StoredBucketSettings extends BucketSettingsRecord {
  readonly id: BucketId;
  /** From 1, one more with every write. */
  readonly version: number;
}

export interface BucketSettingsStore {
  get(id: BucketId): Promise<StoredBucketSettings | undefined>;
  /** Settings of buckets of that name, whatever their project: those with a grant, then others; first come first. */
  findByName(bucket: string, limit: number): Promise<readonly StoredBucketSettings[]>;
  /**
   * Replaces the record if its version is `expected` (0: there is none), and returns the new version. Fails with
   * `aborted` when another writer was faster.
   */
  write(id: BucketId, record: BucketSettingsRecord, expected: number): Promise<number>;
  /** False when there was none. */
  delete(id: BucketId): Promise<boolean>;
  /** Records after `after` in the order of their ids, for jobs that go through all. */
  list(after: BucketId | undefined, limit: number): Promise<readonly StoredBucketSettings[]>;

  /** Keeps a note about a part of a multipart upload until `expiresAt` (ms since the epoch); replaces an older one. */
  putNote(uploadHash: Uint8Array, partNumber: number, note: Uint8Array, expiresAt: number): Promise<void>;
  /** Notes by part number. */
  notes(uploadHash: Uint8Array): Promise<ReadonlyMap<number, Uint8Array>>;
  deleteNotes(uploadHash: Uint8Array): Promise<void>;
  /** Removes at most `limit` expired notes; returns how many. */
  deleteExpiredNotes(limit: number): Promise<number>;

  close(): Promise<void>;
}
