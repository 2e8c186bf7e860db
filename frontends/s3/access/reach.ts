import type { BucketSettingsEntry } from "../../../core/index.js";
import { isPosternError } from "../../../core/index.js";
import { S3Error } from "../errors.js";
import { userIdOf } from "../owner.js";
import type { ProjectCache, ProjectLease } from "../project-cache.js";
import type { ProjectIdentity } from "../project-identity.js";
import type { SettingsCache } from "../settings/settings-cache.js";
import { type BucketAccess, type Caller, settingsView } from "./bucket-access.js";

/** Finds buckets for one request and holds what it opened until `release`. */
export interface Reach {
  bucket(name: string, options?: { own?: boolean }): Promise<BucketAccess>;
  release(): void;
}

export interface ReachInit {
  readonly caller: Caller;
  /** The caller's own project; undefined for the anonymous user. */
  readonly own: ProjectLease | undefined;
  readonly projects: ProjectCache;
  readonly settings: SettingsCache;
  readonly signal: AbortSignal;
}

/**
 * Bucket names are unique within a project only. A caller means its own bucket, if it has one of that name; else the
 * bucket that was first opened to others under it.
 */
export function createReach({ caller, own, projects, settings, signal }: ReachInit): Reach {
  const leases: ProjectLease[] = [];
  const known = new Map<string, Promise<BucketAccess>>();

  const ownAccess = async (bucket: string, entry: BucketSettingsEntry | undefined): Promise<BucketAccess> => {
    if (own === undefined || caller.kind === "anonymous") throw new S3Error("AccessDenied");
    return accessOf(bucket, caller.identity, own, entry, true);
  };
  const find = async (bucket: string, onlyOwn: boolean): Promise<BucketAccess> => {
    const entries = await settings.find(bucket);
    if (caller.kind === "user") {
      const { satellite, project } = caller.identity;
      const mine = await settings.findOwn({ satellite, project, bucket });
      const others = entries.some(({ id }) => !sameProject(id, caller.identity));
      if (onlyOwn || mine !== undefined || !others || (await exists(bucket))) return ownAccess(bucket, mine);
    }
    const entry = entries.find(({ hasGrant }) => hasGrant);
    const grant = entry?.openGrant();
    // Whether there is such a bucket is not for strangers to know.
    if (entry === undefined || grant === undefined) throw new S3Error(gone(entries) ? "NoSuchBucket" : "AccessDenied");
    const lease = await projects.acquire(grant);
    leases.push(lease);
    return accessOf(bucket, entry.id, lease, entry, false);
  };
  const exists = async (bucket: string): Promise<boolean> => {
    try {
      await own!.project.headBucket(bucket, { signal });
      return true;
    } catch (error) {
      if (isPosternError(error, "bucket-not-found", "permission-denied")) return false;
      throw error;
    }
  };

  return {
    bucket(name, { own: onlyOwn = false } = {}) {
      let access = known.get(name);
      if (access === undefined) {
        access = find(name, onlyOwn);
        known.set(name, access);
      }
      return access;
    },
    release() {
      for (const lease of leases.splice(0)) lease.release();
    },
  };
}

/** A bucket that was open to others and is deleted keeps an entry that says so, for a while. */
export const goneSection = "gone";

function gone(entries: readonly BucketSettingsEntry[]): boolean {
  return entries.length > 0 && entries.every(({ sections }) => sections[goneSection] !== undefined);
}

function sameProject(a: ProjectIdentity, b: ProjectIdentity): boolean {
  return a.satellite === b.satellite && a.project === b.project;
}

function accessOf(
  bucket: string,
  { satellite, project }: ProjectIdentity,
  lease: ProjectLease,
  entry: BucketSettingsEntry | undefined,
  isOwner: boolean,
): BucketAccess {
  const identity = { satellite, project };
  const ownerId = userIdOf(identity);
  return {
    bucket,
    identity,
    ownerId,
    isOwner,
    project: lease.project,
    settings: settingsView(entry, bucket, ownerId),
  };
}
