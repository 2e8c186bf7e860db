import { PosternError } from "../core/errors.js";
import type { BucketId, BucketSettingsStore, StoredBucketSettings } from "../core/settings/bucket-settings-store.js";

/** Keeps bucket settings in this process, for tests and gateways that forget. */
export function memorySettingsStore(options: { now?: () => number } = {}): BucketSettingsStore {
  const now = options.now ?? Date.now;
  const records = new Map<string, StoredBucketSettings>();
  const notes = new Map<string, Map<number, { readonly note: Uint8Array; readonly expiresAt: number }>>();

  return {
    async get(id) {
      return records.get(keyOf(id));
    },
    async findByName(bucket, limit) {
      const named = [...records.values()].filter(({ id }) => id.bucket === bucket);
      const open = named.filter(({ sealedGrant }) => sealedGrant !== undefined);
      return [...open, ...named.filter(({ sealedGrant }) => sealedGrant === undefined)].slice(0, limit);
    },
    async write(id, record, expected) {
      const before = records.get(keyOf(id));
      if ((before?.version ?? 0) !== expected) throw new PosternError("aborted", "the settings have changed");
      records.set(keyOf(id), { ...record, id, version: expected + 1 });
      return expected + 1;
    },
    async delete(id) {
      return records.delete(keyOf(id));
    },
    async list(after, limit) {
      const keys = [...records.keys()].sort();
      const rest = after === undefined ? keys : keys.filter((key) => key > keyOf(after));
      return rest.slice(0, limit).map((key) => records.get(key)!);
    },
    async putNote(uploadHash, partNumber, note, expiresAt) {
      const id = hex(uploadHash);
      const known = notes.get(id) ?? new Map();
      known.set(partNumber, { note, expiresAt });
      notes.set(id, known);
    },
    async notes(uploadHash) {
      const known = [...(notes.get(hex(uploadHash)) ?? [])].filter(([, { expiresAt }]) => expiresAt > now());
      return new Map(known.map(([partNumber, { note }]) => [partNumber, note]));
    },
    async deleteNotes(uploadHash) {
      notes.delete(hex(uploadHash));
    },
    async deleteExpiredNotes(limit) {
      let removed = 0;
      for (const [id, known] of notes) {
        for (const [partNumber, { expiresAt }] of known) {
          if (removed === limit) return removed;
          if (expiresAt > now()) continue;
          known.delete(partNumber);
          removed++;
        }
        if (known.size === 0) notes.delete(id);
      }
      return removed;
    },
    async close() {
      records.clear();
      notes.clear();
    },
  };
}

function keyOf({ satellite, project, bucket }: BucketId): string {
  return [satellite, project, bucket].join("\0");
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
