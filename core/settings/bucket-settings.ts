import { createHash } from "node:crypto";
import { utf8, utf8Text } from "../bytes/bytes.js";
import { isPosternError, PosternError } from "../errors.js";
import type { BucketId, BucketSettingsStore, StoredBucketSettings } from "./bucket-settings-store.js";
import { seal, unseal } from "./seal.js";

/** Settings of one bucket. */
export interface BucketSettingsEntry {
  readonly id: BucketId;
  /** Documents by the name of the setting. */
  readonly sections: Readonly<Record<string, string>>;
  /** Whether `openGrant` has one to open. */
  readonly hasGrant: boolean;
  /** The access grant for what acts without the owner's signature. Throws `decryption-failed` on another key. */
  openGrant(): string | undefined;
}

/** What a change makes of settings: sections, and the grant to keep. */
export interface SettingsChange {
  readonly sections: Readonly<Record<string, string>>;
  /** A grant's text replaces the one that is kept, "none" forgets it, undefined keeps it. */
  readonly grant?: string | "none";
}

/** Bucket settings on a store; grants are sealed with the gateways' key, which the store never sees. */
export interface BucketSettings {
  get(id: BucketId): Promise<BucketSettingsEntry | undefined>;
  /** Settings of buckets of that name in any project, at most `mostSameNames`: those with a grant first, first come first. */
  findByName(bucket: string): Promise<readonly BucketSettingsEntry[]>;
  /** Reads, changes and writes; again when another writer came between. Without sections and grant the entry goes. */
  change(id: BucketId, change: (before: BucketSettingsEntry | undefined) => SettingsChange): Promise<void>;
  delete(id: BucketId): Promise<void>;
  list(after: BucketId | undefined, limit: number): Promise<readonly BucketSettingsEntry[]>;
  readonly notes: UploadNotes;
}

/**
 * Notes about the parts of multipart uploads that neither satellite nor part can hold. Found by the hash of the upload
 * id and encrypted with a key made of it: the database alone tells nothing.
 */
export interface UploadNotes {
  put(uploadId: string, partNumber: number, note: string): Promise<void>;
  all(uploadId: string): Promise<ReadonlyMap<number, string>>;
  delete(uploadId: string): Promise<void>;
  /** Removes at most `limit` notes of uploads that took too long; returns how many. */
  deleteExpired(limit: number): Promise<number>;
}

export interface BucketSettingsDeps {
  readonly store: BucketSettingsStore;
  /** 32 secret bytes that the gateways of one database share. */
  readonly key: Uint8Array;
  /** Milliseconds since the epoch; the clock when absent. */
  readonly now?: () => number;
}

const grantPurpose = "bucket settings: grant";
const notePurpose = "bucket settings: upload note";
/** Buckets of one name that are looked at when only the name is known. */
export const mostSameNames = 16;
const mostTries = 8;
/** Uploads that take longer lose their notes. */
const noteLifetimeMs = 30 * 24 * 3_600_000;

export function createBucketSettings({ store, key, now = Date.now }: BucketSettingsDeps): BucketSettings {
  if (key.length !== 32) throw new PosternError("invalid-argument", "the settings key has 32 bytes");

  const entryOf = (stored: StoredBucketSettings): BucketSettingsEntry => ({
    id: stored.id,
    sections: stored.sections,
    hasGrant: stored.sealedGrant !== undefined,
    openGrant() {
      if (stored.sealedGrant === undefined) return undefined;
      return utf8Text(unseal(key, grantPurpose, contextOf(stored.id), stored.sealedGrant));
    },
  });

  const tryChange = async (id: BucketId, change: (before?: BucketSettingsEntry) => SettingsChange): Promise<void> => {
    const before = await store.get(id);
    const after = change(before === undefined ? undefined : entryOf(before));
    const sealedGrant =
      after.grant === undefined
        ? before?.sealedGrant
        : after.grant === "none"
          ? undefined
          : seal(key, grantPurpose, contextOf(id), utf8(after.grant));
    if (Object.keys(after.sections).length === 0 && sealedGrant === undefined) {
      if (before !== undefined) await store.delete(id);
      return;
    }
    await store.write(id, { sections: after.sections, sealedGrant }, before?.version ?? 0);
  };

  return {
    async get(id) {
      const stored = await store.get(id);
      return stored === undefined ? undefined : entryOf(stored);
    },
    findByName: async (bucket) => (await store.findByName(bucket, mostSameNames)).map(entryOf),
    async change(id, change) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await tryChange(id, change);
        } catch (error) {
          if (attempt === mostTries || !isPosternError(error, "aborted")) throw error;
        }
      }
    },
    async delete(id) {
      await store.delete(id);
    },
    list: async (after, limit) => (await store.list(after, limit)).map(entryOf),
    notes: {
      async put(uploadId, partNumber, note) {
        const sealed = seal(keyOf(uploadId), notePurpose, String(partNumber), utf8(note));
        await store.putNote(hashOf(uploadId), partNumber, sealed, now() + noteLifetimeMs);
      },
      async all(uploadId) {
        const notes = new Map<number, string>();
        for (const [partNumber, sealed] of await store.notes(hashOf(uploadId))) {
          notes.set(partNumber, utf8Text(unseal(keyOf(uploadId), notePurpose, String(partNumber), sealed)));
        }
        return notes;
      },
      delete: (uploadId) => store.deleteNotes(hashOf(uploadId)),
      deleteExpired: (limit) => store.deleteExpiredNotes(limit),
    },
  };
}

function contextOf({ satellite, project, bucket }: BucketId): string {
  return `${satellite}/${project}/${bucket}`;
}

function hashOf(uploadId: string): Uint8Array {
  return createHash("sha256").update(`postern upload hash\0${uploadId}`).digest();
}

function keyOf(uploadId: string): Uint8Array {
  return createHash("sha256").update(`postern upload key\0${uploadId}`).digest();
}
