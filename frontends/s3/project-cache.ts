import type { Project } from "../../core/index.js";
import type { ProjectIdentity } from "./project-identity.js";

/** A project in use. Whoever took it gives it back. */
export interface ProjectLease {
  readonly project: Project;
  /** Asked for once a project. */
  identity(): Promise<ProjectIdentity>;
  release(): void;
}

export interface ProjectCache {
  /** Opens the project of a grant, or takes the one that is open. */
  acquire(accessGrant: string): Promise<ProjectLease>;
  /** Closes what is open; projects in use are closed when they are given back. */
  close(): Promise<void>;
}

export interface ProjectCacheOptions {
  /** Most projects kept open while unused. */
  readonly entries: number;
  /** How long an unused project stays open, in ms. */
  readonly idleMs: number;
  readonly now: () => number;
  identify(project: Project, accessGrant: string): Promise<ProjectIdentity>;
  /** Told of a project that failed to close. */
  readonly onCloseError: (error: unknown) => void;
}

interface Entry {
  readonly opening: Promise<Project>;
  identity: Promise<ProjectIdentity> | undefined;
  users: number;
  idleSince: number;
  /** No longer in the cache: closed as soon as nobody uses it. */
  dropped: boolean;
}

/**
 * Keeps one open project a grant. An entry is: opening or open, with users; idle (open, no users), from which it is
 * used again or dropped, for age or number; dropped, and closed once the last user is gone.
 */
export function createProjectCache(
  open: (accessGrant: string) => Promise<Project>,
  options: ProjectCacheOptions,
): ProjectCache {
  const entries = new Map<string, Entry>();
  const closing = new Set<Promise<void>>();
  let closed = false;

  const closeEntry = (entry: Entry): void => {
    const done = entry.opening.then((project) => project.close()).catch(options.onCloseError);
    closing.add(done);
    void done.finally(() => closing.delete(done));
  };
  const drop = (grant: string, entry: Entry): void => {
    if (entries.get(grant) === entry) entries.delete(grant);
    entry.dropped = true;
    if (entry.users === 0) closeEntry(entry);
  };
  /** The map is in order of last use, so the oldest idle ones come first. */
  const trim = (): void => {
    const oldest = options.now() - options.idleMs;
    let over = entries.size - options.entries;
    for (const [grant, entry] of entries) {
      if (entry.users > 0) continue;
      if (over <= 0 && entry.idleSince > oldest) break;
      drop(grant, entry);
      over--;
    }
  };
  const timer = setInterval(trim, Math.max(Math.min(options.idleMs / 2, 60_000), 10));
  timer.unref();

  return {
    async acquire(accessGrant) {
      let entry = entries.get(accessGrant);
      if (entry === undefined) {
        entry = { opening: open(accessGrant), identity: undefined, users: 0, idleSince: 0, dropped: closed };
      } else {
        entries.delete(accessGrant);
      }
      if (!entry.dropped) entries.set(accessGrant, entry);
      entry.users++;
      const taken = entry;
      const project = await taken.opening.catch((error: unknown) => {
        // A failed opening is not kept, and there is nothing to close.
        if (entries.get(accessGrant) === taken) entries.delete(accessGrant);
        throw error;
      });
      let given = false;
      const release = (): void => {
        if (given) return;
        given = true;
        taken.users--;
        taken.idleSince = options.now();
        if (taken.users > 0) return;
        if (taken.dropped) closeEntry(taken);
        else trim();
      };
      const identity = (): Promise<ProjectIdentity> => {
        if (taken.identity === undefined) {
          const asking = options.identify(project, accessGrant);
          taken.identity = asking;
          // A failure is not remembered.
          asking.catch(() => {
            if (taken.identity === asking) taken.identity = undefined;
          });
        }
        return taken.identity;
      };
      return { project, identity, release };
    },
    async close() {
      closed = true;
      clearInterval(timer);
      for (const [grant, entry] of entries) drop(grant, entry);
      await Promise.all(closing);
    },
  };
}
