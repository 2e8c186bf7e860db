import type { Schedule } from "../../frontends/s3/jobs/schedule.js";

/** A clock that stands until it is told to go on. */
export interface ManualClock {
  readonly now: () => number;
  readonly schedule: Schedule;
  /** Lets so many ms go by: timers run in their order, and what they begin has its turn. */
  advance(ms: number): Promise<void>;
  /** Timers that have not run yet. */
  readonly waiting: number;
}

/** Lets everything go on that waits for nothing but its turn. */
export async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
}

export function createManualClock(start: number): ManualClock {
  let time = start;
  const timers = new Set<{ readonly at: number; readonly run: () => void }>();
  return {
    now: () => time,
    schedule(run, ms) {
      const timer = { at: time + ms, run };
      timers.add(timer);
      return () => timers.delete(timer);
    },
    async advance(ms) {
      const end = time + ms;
      for (;;) {
        await settle();
        const due = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
        if (due === undefined) break;
        timers.delete(due);
        time = Math.max(time, due.at);
        due.run();
      }
      time = end;
      await settle();
    },
    get waiting() {
      return timers.size;
    },
  };
}
