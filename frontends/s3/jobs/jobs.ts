import type { BucketId, BucketSettings, BucketSettingsEntry } from "../../../core/index.js";
import type { Logger } from "../../frontend.js";
import { goneSection } from "../access/reach.js";
import type { ProjectCache } from "../project-cache.js";
import type { ProjectIdentity } from "../project-identity.js";
import { sectionOf, withSection } from "../settings/sections.js";
import { runLifecycle } from "./lifecycle-run.js";
import { type Schedule, schedule as timers } from "./schedule.js";
import { createSlots } from "./slots.js";

/** Work that goes on beside requests. */
export interface Jobs {
  /** Rules have changed and may already have something to do. */
  lifecycleChanged(identity: ProjectIdentity, bucket: string): void;
  /** One round over all buckets; one that is asked for during another is that. */
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
  /** A day of lifecycle rules, in ms. */
  readonly dayMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly schedule?: Schedule;
}

const pageSize = 200;
/** Buckets at a time: a large one must not keep all others from their turn, nor jobs the requests. */
const bucketsAtOnce = 4;
/** After the start. */
const firstRoundMs = 60_000;
/** Rules that are written again and again are applied once they are left alone. */
const settleMs = 1000;
/** More changed buckets than these wait for the next round. */
const mostChanged = 1000;
/** How long a bucket that was open to others is remembered after its deletion. */
const rememberGoneMs = 24 * 3_600_000;
const notesAtOnce = 10_000;

export function createJobs(init: JobsInit): Jobs {
  const { settings, projects, log, everyMs, dayMs, now, schedule = timers } = init;
  const stopping = new AbortController();
  const { signal } = stopping;
  const inSlot = createSlots(bucketsAtOnce);
  const running = new Set<Promise<void>>();
  const settling = new Map<string, () => void>();
  let current: Promise<void> | undefined;

  /** Failures are told, and end nothing but the piece of work. */
  const run = (work: () => Promise<void>, about: object): Promise<void> => {
    const done = work().catch((error: unknown) => {
      if (!signal.aborted) log.warn({ error: String(error), ...about }, "a job of the s3 frontend failed");
    });
    running.add(done);
    void done.finally(() => running.delete(done));
    return done;
  };

  const isClaimed = (at: number | undefined): boolean => at !== undefined && Math.abs(now() - at) < everyMs * 0.9;

  /** Of several gateways, the one that writes the time first does the bucket; false for the others. */
  const claim = async (id: BucketId, anyway: boolean): Promise<boolean> => {
    let mine = false;
    await settings.change(id, (before) => {
      const sections = before?.sections ?? {};
      mine = sections["lifecycle"] !== undefined && (anyway || !isClaimed(sectionOf(before, "lifecycleRun")));
      return { sections: mine ? withSection(sections, "lifecycleRun", now()) : sections };
    });
    return mine;
  };

  const expire = async (entry: BucketSettingsEntry, anyway: boolean): Promise<void> => {
    const rules = sectionOf(entry, "lifecycle");
    const grant = entry.openGrant();
    if (rules === undefined || grant === undefined) return;
    if (!anyway && isClaimed(sectionOf(entry, "lifecycleRun"))) return;
    if (!(await claim(entry.id, anyway))) return;
    const lease = await projects.acquire(grant);
    try {
      const { bucket } = entry.id;
      const tally = await runLifecycle({ project: lease.project, bucket, rules, now: now(), dayMs, signal });
      log.debug({ ...tally, bucket }, "lifecycle rules were applied");
    } finally {
      lease.release();
    }
  };

  const visit = async (entry: BucketSettingsEntry): Promise<void> => {
    const gone = entry.sections[goneSection];
    if (gone === undefined) await expire(entry, false);
    else if (Number(gone) + rememberGoneMs < now()) await settings.delete(entry.id);
  };

  const visitAll = async (): Promise<void> => {
    for (let after: BucketId | undefined; ; ) {
      const page = await settings.list(after, pageSize);
      const visits = page.map((entry) =>
        // A bucket whose key was revoked, or that is gone, must not keep others from their turn.
        inSlot(() => (signal.aborted ? Promise.resolve() : run(() => visit(entry), { bucket: entry.id.bucket }))),
      );
      await Promise.all(visits);
      after = page.at(-1)?.id;
      if (page.length < pageSize || signal.aborted) break;
    }
    if (!signal.aborted) await settings.notes.deleteExpired(notesAtOnce);
  };

  const round = (): Promise<void> => {
    if (signal.aborted) return Promise.resolve();
    current ??= run(visitAll, {}).finally(() => {
      current = undefined;
    });
    return current;
  };

  const expireNow = async (id: BucketId): Promise<void> => {
    if (signal.aborted) return;
    const entry = await settings.get(id);
    if (entry !== undefined) await expire(entry, true);
  };

  let cancelRound = (): void => {};
  const planRound = (ms: number): void => {
    if (everyMs === 0 || signal.aborted) return;
    cancelRound = schedule(() => {
      void round();
      planRound(everyMs);
    }, ms);
  };
  // Claims keep gateways that restart often from doing nothing else.
  planRound(Math.min(everyMs, firstRoundMs));

  return {
    lifecycleChanged({ satellite, project }, bucket) {
      const id = { satellite, project, bucket };
      const name = JSON.stringify([satellite, project, bucket]);
      const cancel = settling.get(name);
      if (signal.aborted || (cancel === undefined && settling.size >= mostChanged)) return;
      cancel?.();
      const begin = (): void => {
        settling.delete(name);
        void run(() => inSlot(() => expireNow(id)), { bucket });
      };
      settling.set(name, schedule(begin, settleMs));
    },
    round,
    async stop() {
      cancelRound();
      for (const cancel of settling.values()) cancel();
      settling.clear();
      stopping.abort();
      await Promise.all(running);
    },
  };
}
