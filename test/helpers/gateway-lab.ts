import { randomBytes } from "node:crypto";
import type { ExecutionContext } from "ava";
import type { BucketId, BucketSettings, Project } from "../../core/index.js";
import { createBucketSettings } from "../../core/settings/bucket-settings.js";
import type { BucketSettingsStore } from "../../core/settings/bucket-settings-store.js";
import type { Logger } from "../../frontends/frontend.js";
import { createProjectCache, type ProjectCache } from "../../frontends/s3/project-cache.js";
import { createSettingsCache, type SettingsCache } from "../../frontends/s3/settings/settings-cache.js";
import { memorySettingsStore } from "../../store/memory-settings.js";
import { createManualClock, type ManualClock } from "./manual-clock.js";
import type { LogLine } from "./s3-server.js";

/** What one gateway's jobs have to work with. */
export interface GatewayParts {
  readonly settings: BucketSettings;
  readonly cache: SettingsCache;
  readonly projects: ProjectCache;
  readonly log: Logger;
}

/** Several gateways on one settings store and one clock, over any project. */
export interface GatewayLab {
  readonly clock: ManualClock;
  readonly settings: BucketSettings;
  readonly lines: readonly LogLine[];
  readonly store: BucketSettingsStore;
  gateway(project: Project, store?: BucketSettingsStore): GatewayParts;
  /** Settings of a bucket, with a grant to act by. */
  set(bucket: string, sections: Readonly<Record<string, string>>): Promise<BucketId>;
}

export const labProject = { satellite: "satellite", project: "aa" };

export function gatewayLab(t: ExecutionContext, start = Date.now()): GatewayLab {
  const clock = createManualClock(start);
  const store = memorySettingsStore();
  const key = randomBytes(32);
  const lines: LogLine[] = [];
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, fields: fields as Record<string, unknown>, message });
  };
  const log = { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  const settingsOn = (on: BucketSettingsStore) => createBucketSettings({ store: on, key, now: clock.now });
  const settings = settingsOn(store);
  return {
    clock,
    settings,
    lines,
    store,
    gateway(project, on = store) {
      const own = settingsOn(on);
      const projects = createProjectCache(async () => ({ ...project, close: async () => {} }), {
        entries: 10,
        idleMs: 3_600_000,
        now: clock.now,
        identify: async () => ({ ...labProject }),
        onCloseError: (error) => t.fail(String(error)),
      });
      t.teardown(() => projects.close());
      return { settings: own, cache: createSettingsCache(own, { entries: 100, ms: 0, now: clock.now }), projects, log };
    },
    async set(bucket, sections) {
      const id = { ...labProject, bucket };
      await settings.change(id, () => ({ sections, grant: "a grant" }));
      return id;
    },
  };
}
