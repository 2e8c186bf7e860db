/**
 * A process with the auth service and S3 in it, so that what is in its memory came over its listeners. Its parent asks for
 * heap snapshots. Run by test/e2e/heap.test.ts.
 */
import { randomBytes } from "node:crypto";
import { writeHeapSnapshot } from "node:v8";
import { cachingGrantStore } from "../../core/auth/caching-store.js";
import { createAuthService } from "../../core/auth/service.js";
import { createBucketSettings } from "../../core/settings/bucket-settings.js";
import { authFrontend } from "../../frontends/auth/index.js";
import { s3Frontend } from "../../frontends/s3/index.js";
import { memoryGrantStore } from "../../store/memory.js";
import { memorySettingsStore } from "../../store/memory-settings.js";
import { createMemoryProject } from "./memory-project.js";

export type HeapRequest = { readonly snapshot: string } | { readonly stop: true };
export interface HeapListening {
  readonly s3: string;
  readonly auth: Readonly<Record<string, string>>;
}

const cacheMs = Number(process.argv[2]);
const token = process.argv[3]!;
const ignore = () => {};
const deps = {
  openProject: async () => createMemoryProject(),
  access: createAuthService({
    store: cachingGrantStore(memoryGrantStore()),
    allowSatellite: () => true,
    endpoint: "https://s3.example",
  }),
  settings: createBucketSettings({ store: memorySettingsStore(), key: randomBytes(32) }),
  log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
};
const auth = await authFrontend({ httpPort: 0, grpcPort: 0, drpcPort: 0, tokens: [token] }).start(deps);
const s3 = await s3Frontend({ port: 0, accessCacheMs: cacheMs, projectIdleMs: cacheMs, settingsCacheMs: 0 }).start(
  deps,
);

process.on("message", (request: HeapRequest) => {
  if ("snapshot" in request) {
    writeHeapSnapshot(request.snapshot);
    process.send?.("done");
    return;
  }
  void Promise.all([auth.stop({ graceMs: 0 }), s3.stop({ graceMs: 0 })]).then(() => process.disconnect());
});
process.send?.({ s3: s3.addresses["http"]!, auth: auth.addresses } satisfies HeapListening);
