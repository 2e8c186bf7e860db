import { AggregatorRegistry } from "prom-client";
import type { AuthMetrics, MetricsSnapshot } from "./metrics.js";

/** What several processes have counted, as one would have. */
export interface MetricsSum extends Pick<AuthMetrics, "text" | "contentType"> {
  /** What a process has counted since its start. */
  set(id: number, snapshot: MetricsSnapshot): void;
  /** The process is no more; what it told the last time stays in the sum, since counters never go back. */
  left(id: number): void;
}

export function createMetricsSum(): MetricsSum {
  const snapshots = new Map<number, MetricsSnapshot>();
  /** Of all that have ended, together. */
  let ended: Promise<MetricsSnapshot> = Promise.resolve([]);
  const add = (parts: MetricsSnapshot[]) => AggregatorRegistry.aggregate(parts);
  return {
    set: (id, snapshot) => void snapshots.set(id, snapshot),
    left(id) {
      const last = snapshots.get(id);
      if (last === undefined) return;
      snapshots.delete(id);
      ended = ended.then((before) => add([before, last]).getMetricsAsJSON());
    },
    async text() {
      // Before any wait, in which one of them could become one that has ended.
      const running = [...snapshots.values()];
      return add([await ended, ...running]).metrics();
    },
    contentType: AggregatorRegistry.PROMETHEUS_CONTENT_TYPE,
  };
}
