import type { Queries } from "../db/queries.js";
import type { Micros } from "./times.js";

export interface LicenseRecord {
  readonly type: string;
  /** Empty for all buckets. */
  readonly bucketName: string;
  /** Null for never. */
  readonly expiresAt: Micros | null;
  readonly key: Uint8Array | null;
}

export async function insertLicense(
  tx: Queries,
  id: Uint8Array,
  projectId: Uint8Array,
  license: LicenseRecord,
): Promise<void> {
  await tx.run(
    "INSERT INTO licenses (id, project_id, type, bucket_name, expires_at, license_key) VALUES (?, ?, ?, ?, ?, ?)",
    [id, projectId, license.type, license.bucketName, license.expiresAt, license.key],
  );
}

/** Licences of a project that have not expired; an empty type or bucket name stands for any. */
export async function activeLicenses(
  db: Queries,
  projectId: Uint8Array,
  filter: { type: string; bucketName: string; now: Micros },
): Promise<LicenseRecord[]> {
  const rows = await db.all<LicenseRecord>(
    `SELECT type, bucket_name AS "bucketName", expires_at AS "expiresAt", license_key AS "key" FROM licenses
      WHERE project_id = ? AND (expires_at IS NULL OR expires_at > ?) ORDER BY id`,
    [projectId, filter.now],
  );
  return rows.filter(
    ({ type, bucketName }) =>
      (filter.type === "" || type === filter.type) &&
      (filter.bucketName === "" || bucketName === "" || bucketName === filter.bucketName),
  );
}
