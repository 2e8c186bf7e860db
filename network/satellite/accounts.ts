import { randomBytes } from "node:crypto";
import { apiKeyText, newApiKey } from "../../core/access/api-key.js";
import { KeyVersion } from "../../core/access/check.js";
import { PosternError } from "../../core/errors.js";
import { insertApiKey } from "./data/api-keys.js";
import { BucketVersioning } from "./data/buckets.js";
import { insertLicense } from "./data/licenses.js";
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
  /** Requests a second; the satellite's default when absent. 0 lets the project do nothing at all. */
  readonly rateLimit?: number;
  /** Requests that may come at once; as many as in a second when absent. */
  readonly burstLimit?: number;
  /** Encrypted bytes stored; the satellite's default when absent, as with those that follow. */
  readonly storageLimit?: number;
  readonly segmentLimit?: number;
  /** Bytes downloaded in a month. */
  readonly egressLimit?: number;
  /** Whether new buckets keep versions; they do not when absent. */
  readonly versioning?: boolean;
  /** False for a project whose clients do not encrypt object keys; true when absent. */
  readonly pathEncryption?: boolean;
}

export interface ApiKeySettings {
  /** Requests a second, beside the project's limit; none when absent. */
  readonly rateLimit?: number;
  /** Requests that may come at once; as many as in a second when absent. */
  readonly burstLimit?: number;
}

export interface License {
  readonly type: string;
  /** All buckets when absent. */
  readonly bucketName?: string;
  /** Never when absent. */
  readonly expiresAt?: Date;
  readonly key?: Uint8Array;
}

export interface Accounts {
  createProject(name: string, settings?: ProjectSettings): Promise<ProjectInfo>;
  /** In order of their making. */
  listProjects(): Promise<ProjectInfo[]>;
  /** A new unrestricted API key of a project, as base58 text. It is told only this once. */
  createApiKey(projectId: Uint8Array, name?: string, settings?: ApiKeySettings): Promise<string>;
  /** Licences are what AccountLicenses answers with. */
  addLicense(projectId: Uint8Array, license: License): Promise<void>;
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
        burstLimit: settings.burstLimit ?? null,
        usageLimit: settings.storageLimit ?? null,
        segmentLimit: settings.segmentLimit ?? null,
        bandwidthLimit: settings.egressLimit ?? null,
        defaultPlacement: 0,
        defaultVersioning: settings.versioning ? BucketVersioning.Enabled : BucketVersioning.Unversioned,
        pathEncryption: settings.pathEncryption === false ? 0 : 1,
      };
      await db.write((tx) => insertProject(tx, project));
      return { id: project.id, name };
    },
    async listProjects() {
      return (await listProjects(db.read)).map(({ id, name }) => ({ id, name }));
    },
    async createApiKey(projectId, name = `key ${Buffer.from(randomBytes(4)).toString("hex")}`, settings = {}) {
      const secret = randomBytes(32);
      const key = newApiKey(secret);
      const record = {
        id: newUuid(),
        projectId,
        head: key.head,
        name,
        secret,
        version: KeyVersion.ObjectLock | KeyVersion.Eventing,
        createdAt: microsOfMillis(now()),
        rateLimit: settings.rateLimit ?? null,
        burstLimit: settings.burstLimit ?? null,
      };
      try {
        await db.write((tx) => insertApiKey(tx, record));
      } catch (error) {
        if (!isConstraintError(error)) throw error;
        throw new PosternError("already-exists", "no such project, or it has a key of this name", { cause: error });
      }
      return apiKeyText(key);
    },
    async addLicense(projectId, { type, bucketName = "", expiresAt, key }) {
      const license = {
        type,
        bucketName,
        expiresAt: expiresAt === undefined ? null : microsOfMillis(expiresAt.getTime()),
        key: key ?? null,
      };
      await db.write((tx) => insertLicense(tx, newUuid(), projectId, license));
    },
  };
}
