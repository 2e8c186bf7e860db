import type { MetricsSnapshot } from "../frontends/auth/metrics.js";
import { createMetricsSum, type MetricsSum } from "../frontends/auth/metrics-sum.js";

/** A process that counts. */
export interface Counting {
  readonly id: number;
  /** Asks what it has counted so far; `told` is to be called with the answer. */
  ask(): void;
}

/** How long a process may take to tell what it has counted; what it told the last time stands in for it then. */
const countMs = 1_000;

/** What all processes have counted. */
export interface GatheredMetrics extends Pick<MetricsSum, "text" | "contentType"> {
  told(id: number, snapshot: MetricsSnapshot): void;
  /** It will tell no more. */
  left(id: number): void;
}

/** Asks all processes that `running` gives whenever somebody wants to know, all scrapers together. */
export function gatherMetrics(running: () => readonly Counting[]): GatheredMetrics {
  const sum = createMetricsSum();
  /** Those that were asked and have not answered yet; nobody is asked again before. */
  const asked = new Map<number, () => void>();
  let gathering: Promise<void> | undefined;
  const answerOf = ({ id, ask }: Counting): Promise<void> =>
    new Promise((resolve) => {
      if (!asked.has(id)) ask();
      asked.set(id, resolve);
    });
  const gather = async (): Promise<void> => {
    const answers = running().map(answerOf);
    let late: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      late = setTimeout(resolve, countMs);
    });
    await Promise.race([Promise.all(answers), limit]);
    clearTimeout(late);
    gathering = undefined;
  };
  const settle = (id: number): void => {
    asked.get(id)?.();
    asked.delete(id);
  };
  return {
    async text() {
      gathering ??= gather();
      await gathering;
      return sum.text();
    },
    contentType: sum.contentType,
    told(id, snapshot) {
      sum.set(id, snapshot);
      settle(id);
    },
    left(id) {
      sum.left(id);
      settle(id);
    },
  };
}
