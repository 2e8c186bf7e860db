import type { GrantRecord, GrantStore, RecordSelector, StoredGrantRecord } from "../core/auth/grant-store.js";
import { PosternError } from "../core/errors.js";

/** Keeps grant records in this process, for tests and gateways that forget. */
export function memoryGrantStore(options: { now?: () => number } = {}): GrantStore {
  const now = options.now ?? Date.now;
  const records = new Map<string, StoredGrantRecord>();

  function matching(selector: RecordSelector): [string, StoredGrantRecord][] {
    if ("keyHash" in selector) {
      const id = idOf(selector.keyHash);
      const record = records.get(id);
      return record === undefined ? [] : [[id, record]];
    }
    const head = Buffer.from(selector.macaroonHead);
    return [...records].filter(([, record]) => head.equals(record.macaroonHead));
  }

  function change(
    selector: RecordSelector,
    affects: (record: StoredGrantRecord) => boolean,
    changed: (record: StoredGrantRecord) => StoredGrantRecord,
  ): number {
    const affected = matching(selector).filter(([, record]) => affects(record));
    for (const [id, record] of affected) records.set(id, changed(record));
    return affected.length;
  }

  return {
    async put(keyHash, record: GrantRecord) {
      const id = idOf(keyHash);
      if (records.has(id)) throw new PosternError("already-exists", "a record with this key hash exists");
      records.set(id, { ...record, createdAt: now(), invalidation: undefined });
    },
    async get(keyHash) {
      const record = records.get(idOf(keyHash));
      return record === undefined || isExpired(record, now()) ? undefined : record;
    },
    async find(selector, limit) {
      const found = matching(selector).slice(0, limit);
      return found.map(([id, record]) => ({ ...record, keyHash: Buffer.from(id, "hex") }));
    },
    async invalidate(selector, reason) {
      return change(
        selector,
        (record) => record.invalidation === undefined,
        (record) => ({ ...record, invalidation: { reason, at: now() } }),
      );
    },
    async unpublish(selector) {
      return change(
        selector,
        (record) => record.public,
        (record) => ({ ...record, public: false }),
      );
    },
    async delete(selector) {
      const found = matching(selector);
      for (const [id] of found) records.delete(id);
      return found.length;
    },
    async deleteExpired(limit) {
      const at = now();
      const expired = [...records].filter(([, record]) => isExpired(record, at)).slice(0, limit);
      for (const [id] of expired) records.delete(id);
      return expired.length;
    },
    async ping() {},
    async close() {
      records.clear();
    },
  };
}

function idOf(keyHash: Uint8Array): string {
  return Buffer.from(keyHash).toString("hex");
}

function isExpired(record: GrantRecord, at: number): boolean {
  return record.expiresAt !== undefined && record.expiresAt <= at;
}
