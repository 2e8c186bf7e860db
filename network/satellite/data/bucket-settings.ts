import type { Queries } from "../db/queries.js";

/** Settings of a bucket that few calls look at: each is a message of the protocol, or null. */
export type BucketSetting = "tags" | "notifications";

/** Undefined when there is no such bucket. */
export async function bucketSetting(
  db: Queries,
  projectId: Uint8Array,
  name: Uint8Array,
  setting: BucketSetting,
): Promise<{ value: Uint8Array | null } | undefined> {
  return db.first(`SELECT ${setting} AS "value" FROM bucket_metainfos WHERE project_id = ? AND name = ?`, [
    projectId,
    name,
  ]);
}

/** Returns whether the bucket is there. */
export async function setBucketSetting(
  tx: Queries,
  projectId: Uint8Array,
  name: Uint8Array,
  setting: BucketSetting,
  value: Uint8Array | null,
): Promise<boolean> {
  const sql = `UPDATE bucket_metainfos SET ${setting} = ? WHERE project_id = ? AND name = ?`;
  return (await tx.run(sql, [value, projectId, name])) > 0;
}
