import { fromHex, toHex } from "../../../core/bytes/bytes.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { ProjectRecord } from "../data/projects.js";
import { microsOfMillis, monthStart } from "../data/times.js";
import { addEgress, dayMicros, egressSince, type StoredUsage, storedUsage } from "../data/usage.js";
import type { Database } from "../db/queries.js";
import type { UsageLimits } from "../options.js";

/**
 * What projects store and download, and whether that is within their limits. Counts live in memory between two looks
 * at the database; only projects with a limit are counted (storj/storj satellite/accounting/projectusage.go).
 */
export interface Usage {
  /** Status 8 when one object more, of one byte and segment unless told otherwise, would be too much. */
  checkUpload(project: ProjectRecord, more?: StoredUsage): Promise<void>;
  /** As checkUpload, for a copy that is about to be made. */
  checkCopy(project: ProjectRecord, more: StoredUsage): Promise<void>;
  /** After a commit. */
  stored(projectId: Uint8Array, more: StoredUsage): void;
  /** Status 8 "Exceeded Usage Limit" when the project has downloaded enough this month. */
  checkDownload(project: ProjectRecord): Promise<void>;
  /** Encrypted bytes that a client may now fetch. */
  downloaded(projectId: Uint8Array, bytes: number): void;
  /** Writes down the downloads since the last time, as happens by itself every few seconds. */
  flush(): Promise<void>;
  /** Flushes for the last time. */
  stop(): Promise<void>;
}

interface Live<T> {
  readonly loadedAt: number;
  readonly value: T;
}

/** How long counts go without a look at the database, which knows of deletions. */
const liveMs = 60_000;
/** Counts older than this are looked up once more before a call is refused for them. */
const freshMs = 1_000;
const flushMs = 2_000;
/** Projects whose counts are in memory; the oldest go first and are counted anew. */
const maxProjects = 10_000;

export function createUsage(
  db: Database,
  defaults: UsageLimits,
  now: () => number,
  onProblem: (message: string, error: unknown) => void,
): Usage {
  const storage = new Map<string, Live<{ bytes: number; segments: number }>>();
  const egress = new Map<string, Live<{ bytes: number; month: number }>>();
  /** Bytes by "project/day" that the database does not have yet. */
  let unwritten = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;

  async function liveStorage(project: ProjectRecord, maxAgeMs: number) {
    const key = toHex(project.id);
    const known = storage.get(key);
    if (known !== undefined && now() - known.loadedAt < maxAgeMs) return known.value;
    const loadedAt = now();
    const value = { ...(await storedUsage(db.read, project.id)) };
    remember(storage, key, { loadedAt, value });
    return value;
  }

  async function liveEgress(project: ProjectRecord) {
    const key = toHex(project.id);
    const month = monthStart(now());
    const known = egress.get(key);
    if (known?.value.month === month && now() - known.loadedAt < liveMs) return known.value;
    const loadedAt = now();
    await flush();
    const bytes = await egressSince(db.read, project.id, microsOfMillis(month), microsOfMillis(now()));
    const value = { month, bytes };
    remember(egress, key, { loadedAt, value });
    return value;
  }

  /** What of a project's limits would be passed; undefined for nothing. */
  async function exceeded(project: ProjectRecord, more: StoredUsage): Promise<"segments" | "storage" | undefined> {
    const maxSegments = project.segmentLimit ?? defaults.segments;
    const maxBytes = project.usageLimit ?? defaults.storage;
    if (maxSegments === undefined && maxBytes === undefined) return undefined;
    for (const age of [liveMs, freshMs]) {
      const used = await liveStorage(project, age);
      const tooMany = maxSegments !== undefined && used.segments + more.segments > maxSegments;
      const tooMuch = maxBytes !== undefined && used.bytes + more.bytes > maxBytes;
      if (!tooMany && !tooMuch) return undefined;
      if (age === freshMs) return tooMany ? "segments" : "storage";
    }
    return undefined;
  }

  async function flush(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    if (unwritten.size === 0) return;
    const written = unwritten;
    unwritten = new Map();
    try {
      await db.write(async (tx) => {
        for (const [key, bytes] of written) {
          const [project = "", day] = key.split("/");
          await addEgress(tx, fromHex(project), Number(day), bytes);
        }
      });
    } catch (error) {
      for (const [key, bytes] of written) unwritten.set(key, (unwritten.get(key) ?? 0) + bytes);
      onProblem("downloads could not be written down", error);
    }
  }

  return {
    flush,
    async checkUpload(project, more = { bytes: 1, segments: 1 }) {
      const what = await exceeded(project, more);
      if (what === "segments") throw exhausted("Exceeded Segments Limit");
      if (what === "storage") throw exhausted("Exceeded Storage Limit");
    },
    async checkCopy(project, more) {
      const what = await exceeded(project, more);
      if (what === "segments") {
        const most = project.segmentLimit ?? defaults.segments;
        throw exhausted(`project limit: Additional ${more.segments} segments exceed project limit of ${most}`);
      }
      if (what === "storage") {
        const most = project.usageLimit ?? defaults.storage;
        throw exhausted(`project limit: Additional storage of ${more.bytes} bytes exceeds project limit of ${most}`);
      }
    },
    stored(projectId, more) {
      const live = storage.get(toHex(projectId))?.value;
      if (live === undefined) return;
      live.bytes += more.bytes;
      live.segments += more.segments;
    },
    async checkDownload(project) {
      const most = project.bandwidthLimit ?? defaults.egress;
      if (most === undefined) return;
      if ((await liveEgress(project)).bytes >= most) throw exhausted("Exceeded Usage Limit");
    },
    downloaded(projectId, bytes) {
      if (bytes === 0) return;
      const project = toHex(projectId);
      const at = microsOfMillis(now());
      const key = `${project}/${at - (at % dayMicros)}`;
      unwritten.set(key, (unwritten.get(key) ?? 0) + bytes);
      const live = egress.get(project)?.value;
      if (live !== undefined) live.bytes += bytes;
      timer ??= setTimeout(() => void flush(), flushMs).unref();
    },
    stop: flush,
  };
}

function exhausted(text: string): Error {
  return rpcError(RpcStatus.ResourceExhausted, text);
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  map.delete(key);
  map.set(key, value);
  if (map.size > maxProjects) map.delete(map.keys().next().value!);
}
