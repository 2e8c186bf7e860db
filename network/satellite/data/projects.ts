import type { Queries } from "../db/queries.js";
import type { Micros } from "./times.js";

export interface ProjectRecord {
  readonly id: Uint8Array;
  readonly publicId: Uint8Array;
  readonly name: string;
  /** Goes into the root key of access grants made by passphrase; never changes. */
  readonly salt: Uint8Array;
  readonly createdAt: Micros;
  /** Null for the satellite's default. */
  readonly maxBuckets: number | null;
  /** Requests a second; null for the satellite's default. */
  readonly rateLimit: number | null;
  readonly burstLimit: number | null;
  /** Encrypted bytes stored; null for the satellite's default. */
  readonly usageLimit: number | null;
  readonly segmentLimit: number | null;
  /** Bytes downloaded in a month. */
  readonly bandwidthLimit: number | null;
  readonly defaultPlacement: number;
  /** As bucket versioning; what new buckets get. */
  readonly defaultVersioning: number;
  /** 0 when the satellite may know object keys, as notifications need. */
  readonly pathEncryption: number;
}

const columns = `id, public_id AS "publicId", name, salt, created_at AS "createdAt", max_buckets AS "maxBuckets",
  rate_limit AS "rateLimit", burst_limit AS "burstLimit", default_placement AS "defaultPlacement",
  default_versioning AS "defaultVersioning", usage_limit AS "usageLimit", segment_limit AS "segmentLimit",
  bandwidth_limit AS "bandwidthLimit", path_encryption AS "pathEncryption"`;

export async function insertProject(tx: Queries, project: ProjectRecord): Promise<void> {
  await tx.run(
    `INSERT INTO projects (id, public_id, name, salt, created_at, max_buckets, rate_limit, burst_limit,
      default_placement, default_versioning, usage_limit, segment_limit, bandwidth_limit, path_encryption)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    [
      project.id,
      project.publicId,
      project.name,
      project.salt,
      project.createdAt,
      project.maxBuckets,
      project.rateLimit,
      project.burstLimit,
      project.defaultPlacement,
      project.defaultVersioning,
      project.usageLimit,
      project.segmentLimit,
      project.bandwidthLimit,
      project.pathEncryption,
    ],
  );
}

export async function findProject(db: Queries, id: Uint8Array): Promise<ProjectRecord | undefined> {
  return db.first<ProjectRecord>(`SELECT ${columns} FROM projects WHERE id = ?`, [id]);
}

export async function listProjects(db: Queries): Promise<ProjectRecord[]> {
  return db.all<ProjectRecord>(`SELECT ${columns} FROM projects ORDER BY created_at, id`);
}
