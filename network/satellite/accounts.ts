import { randomBytes } from "node:crypto";
import { apiKeyText, newApiKey } from "../../core/access/api-key.js";
import { KeyVersion } from "../../core/access/check.js";
import { PosternError } from "../../core/errors.js";
import { insertApiKey } from "./data/api-keys.js";
import { BucketVersioning } from "./data/buckets.js";
import { insertProject, listProjects, type ProjectRecord } from "./data/projects.js";
import { microsOfMillis } from "./data/times.js";
import { newUuid } from "./data/uuid.js";
import { isConstraintError } from "./db/errors.js";
import type { Database } from "./db/queries.js";

export interface ProjectInfo {
  /** 16 bytes. */
  readonly id: Uint8Array;
  readonly name: string;
}

export interface ProjectSettings {
  /** Buckets; the satellite's default when absent. */
  readonly maxBuckets?: number;
  /** Requests a second; the satellite's default when absent. */
  readonly rateLimit?: number;
}

export interface Accounts {
  createProject(name: string, settings?: ProjectSettings): Promise<ProjectInfo>;
  /** In order of their making. */
  listProjects(): Promise<ProjectInfo[]>;
  /** A new unrestricted API key of a project, as base58 text. It is told only this once. */
  createApiKey(projectId: Uint8Array, name?: string): Promise<string>;
}

/** What a console does on the real network: projects and their keys. */
export function createAccounts(db: Database, now: () => number): Accounts {
  return {
    async createProject(name, settings = {}) {
      const project: ProjectRecord = {
        id: newUuid(),
        publicId: newUuid(),
        name,
        // Any 32 bytes do, as long as they never change.
        salt: randomBytes(32),
        createdAt: microsOfMillis(now()),
        maxBuckets: settings.maxBuckets ?? null,
        rateLimit: settings.rateLimit ?? null,
        burstLimit: null,
        defaultPlacement: 0,
        defaultVersioning: BucketVersioning.Unversioned,
      };
      await db.write((tx) => insertProject(tx, project));
      return { id: project.id, name };
    },
    async listProjects() {
      return (await listProjects(db.read)).map(({ id, name }) => ({ id, name }));
    },
    async createApiKey(projectId, name = `key ${Buffer.from(randomBytes(4)).toString("hex")}`) {
      const secret = randomBytes(32);
      const key = newApiKey(secret);
      const record = {
        id: newUuid(),
        projectId,
        head: key.head,
        name,
        secret,
        version: KeyVersion.ObjectLock,
        createdAt: microsOfMillis(now()),
      };
      try {
        await db.write((tx) => insertApiKey(tx, record));
      } catch (error) {
        if (!isConstraintError(error)) throw error;
        throw new PosternError("already-exists", "no such project, or it has a key of this name", { cause: error });
      }
      return apiKeyText(key);
    },
  };
}
