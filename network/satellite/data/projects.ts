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
  readonly defaultPlacement: number;
  /** As bucket versioning; what new buckets get. */
  readonly defaultVersioning: number;
}

const columns = `id, public_id AS "publicId", name, salt, created_at AS "createdAt", max_buckets AS "maxBuckets",
  rate_limit AS "rateLimit", burst_limit AS "burstLimit", default_placement AS "defaultPlacement",
  default_versioning AS "defaultVersioning"`;

export async function insertProject(tx: Queries, project: ProjectRecord): Promise<void> {
  await tx.run(
    `INSERT INTO projects (id, public_id, name, salt, created_at, max_buckets, rate_limit, burst_limit,
      default_placement, default_versioning) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
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
    ],
  );
}

export async function findProject(db: Queries, id: Uint8Array): Promise<ProjectRecord | undefined> {
  return db.first<ProjectRecord>(`SELECT ${columns} FROM projects WHERE id = ?`, [id]);
}

export async function listProjects(db: Queries): Promise<ProjectRecord[]> {
  return db.all<ProjectRecord>(`SELECT ${columns} FROM projects ORDER BY created_at, id`);
}
