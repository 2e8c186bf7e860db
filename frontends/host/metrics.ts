import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { PosternError } from "../../core/index.js";
import type { MetricSettings, Metrics } from "../frontend.js";

/** What all frontends count, for Prometheus. */
export interface MetricsRegistry {
  /** For one frontend, whose name is in that of each metric. */
  metricsOf(frontend: string): Metrics;
  text(): Promise<string>;
  readonly contentType: string;
}

const requestSeconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60];

/** A registry of its own: several hosts may run in one process. */
export function createMetricsRegistry(): MetricsRegistry {
  const registry = new Registry();

  function settingsOf(frontend: string, { name, help, labels = [] }: MetricSettings) {
    const full = `postern_${frontend.replaceAll("-", "_")}_${name}`;
    if (!/^[a-z][a-z0-9_]*$/.test(name)) {
      throw new PosternError("invalid-argument", `the metric "${name}" of ${frontend} must be in snake_case`);
    }
    if (registry.getSingleMetric(full) !== undefined) {
      throw new PosternError("already-exists", `the metric ${full} is there already: make it once, in start`);
    }
    return { name: full, help, labelNames: [...labels], registers: [registry] };
  }

  return {
    metricsOf: (frontend) => ({
      counter(metric) {
        const counter = new Counter(settingsOf(frontend, metric));
        return { add: (labels = {}, by = 1) => counter.inc({ ...labels }, by) };
      },
      gauge(metric) {
        const gauge = new Gauge(settingsOf(frontend, metric));
        return { set: (value, labels = {}) => gauge.set({ ...labels }, value) };
      },
      histogram(metric) {
        const buckets = [...(metric.buckets ?? requestSeconds)];
        const histogram = new Histogram({ ...settingsOf(frontend, metric), buckets });
        return { observe: (value, labels = {}) => histogram.observe({ ...labels }, value) };
      },
    }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
