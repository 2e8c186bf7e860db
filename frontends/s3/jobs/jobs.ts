import type { BucketSettings, BucketSettingsEntry } from "../../../core/index.js";
import type { Logger } from "../../frontend.js";
import { goneSection } from "../access/reach.js";
import type { ProjectCache } from "../project-cache.js";
import type { ProjectIdentity } from "../project-identity.js";
import { sectionOf } from "../settings/sections.js";
import { runLifecycle } from "./lifecycle-run.js";

/** Work that goes on beside requests. */
export interface Jobs {
  /** Rules have changed and may already have something to do. */
  lifecycleChanged(identity: ProjectIdentity, bucket: string): void;
  /** One round over all buckets; rounds do not overlap. */
  round(): Promise<void>;
  /** Ends what runs. */
  stop(): Promise<void>;
}

export interface JobsInit {
  readonly settings: BucketSettings;
  readonly projects: ProjectCache;
  readonly log: Logger;
  /** Between rounds, in ms; 0 for none but those that are called. */
  readonly everyMs: number;
  readonly now: () => number;
}

const pageSize = 200;
/** How long a bucket that was open to others is remembered after its deletion. */
const rememberGoneMs = 24 * 3_600_000;
const notesAtOnce = 10_000;

export function createJobs({ settings, projects, log, everyMs, now }: JobsInit): Jobs {
  const stopping = new AbortController();
  /** One at a time: expiring is not urgent, and requests come first. */
  let queue: Promise<void> = Promise.resolve();

  const enqueue = (work: () => Promise<void>): Promise<void> => {
    queue = queue.then(async () => {
      if (stopping.signal.aborted) return;
      try {
        await work();
      } catch (error) {
        if (!stopping.signal.aborted) log.warn({ error: String(error) }, "a job of the s3 frontend failed");
      }
    });
    return queue;
  };

  const expire = async (entry: BucketSettingsEntry): Promise<void> => {
    const rules = sectionOf(entry, "lifecycle");
    const grant = entry.openGrant();
    if (rules === undefined || grant === undefined) return;
    const lease = await projects.acquire(grant);
    try {
      const { signal } = stopping;
      const tally = await runLifecycle({ project: lease.project, bucket: entry.id.bucket, rules, now: now(), signal });
      log.debug({ ...tally, bucket: entry.id.bucket }, "lifecycle rules were applied");
    } finally {
      lease.release();
    }
  };

  const visit = async (entry: BucketSettingsEntry): Promise<void> => {
    const gone = entry.sections[goneSection];
    if (gone !== undefined) {
      if (Number(gone) + rememberGoneMs < now()) await settings.delete(entry.id);
      return;
    }
    // A bucket whose key was revoked, or that is gone, must not keep others from their turn.
    await expire(entry).catch((error: unknown) => {
      if (stopping.signal.aborted) throw error;
      log.warn({ error: String(error), bucket: entry.id.bucket }, "lifecycle rules could not be applied");
    });
  };

  const round = (): Promise<void> =>
    enqueue(async () => {
      for (let after: BucketSettingsEntry["id"] | undefined; ; ) {
        const page = await settings.list(after, pageSize);
        for (const entry of page) {
          if (stopping.signal.aborted) return;
          await visit(entry);
        }
        after = page.at(-1)?.id;
        if (page.length < pageSize) break;
      }
      await settings.notes.deleteExpired(notesAtOnce);
    });

  const timer = everyMs === 0 ? undefined : setInterval(() => void round(), everyMs);
  timer?.unref();

  return {
    lifecycleChanged({ satellite, project }, bucket) {
      void enqueue(async () => {
        const entry = await settings.get({ satellite, project, bucket });
        if (entry !== undefined) await expire(entry);
      });
    },
    round,
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await queue;
    },
  };
}
