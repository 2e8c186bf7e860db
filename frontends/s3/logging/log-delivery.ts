import { isPosternError, PosternError } from "../../../core/index.js";
import type { Logger } from "../../frontend.js";
import { type Schedule, schedule as timers } from "../jobs/schedule.js";
import { createSlots } from "../jobs/slots.js";
import type { ProjectCache } from "../project-cache.js";
import type { LoggingSettings } from "../settings/sections.js";
import type { SettingsCache } from "../settings/settings-cache.js";
import { type LogBatch, logKey, writeLog } from "./log-object.js";
import { type LogRecord, logLine } from "./log-record.js";

/** Brings records to the buckets that they are for. */
export interface LogDelivery {
  add(logging: LoggingSettings, record: LogRecord): void;
  /** Delivers what there is, with all tries that it takes. */
  flush(): Promise<void>;
  /** Delivers what there is, with one more try for what failed; gives up after `stopMs`. */
  stop(): Promise<void>;
}

export interface LogDeliveryInit {
  readonly settings: SettingsCache;
  readonly projects: ProjectCache;
  readonly log: Logger;
  readonly region: string;
  /** How long records are gathered, in ms. */
  readonly gatherMs: number;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly schedule?: Schedule;
  /** Most bytes that wait to be delivered; what comes beyond is dropped. Default 32 MiB. */
  readonly mostBytes?: number;
}

interface Batch extends LogBatch {
  bytes: number;
  readonly cancel: () => void;
}

/** A batch this long is delivered at once. */
const batchBytes = 4 * 2 ** 20;
/** Of batches, each of which has its own timer. */
const mostBatches = 1_000;
const deliveriesAtOnce = 8;
const mostTries = 5;
const mostPauseMs = 60_000;
const tryMs = 30_000;
const stopMs = 10_000;

/**
 * Records wait in memory: logs are a best effort, as on Amazon, and a gateway that is killed loses the last seconds. Each
 * batch becomes one object, of one name in all tries. Whether the target still lets them in is asked when they are
 * delivered.
 */
export function createLogDelivery(init: LogDeliveryInit): LogDelivery {
  const { log, schedule = timers, mostBytes = 32 * 2 ** 20 } = init;
  const batches = new Map<string, Batch>();
  const underWay = new Set<Promise<void>>();
  const inSlot = createSlots(deliveriesAtOnce);
  /** End waits between tries, and the tries. */
  const waits = new Set<() => void>();
  const limits = new Set<AbortController>();
  let hurrying = false;
  let ended = false;
  let waitingBytes = 0;
  let dropped = 0;

  const attempt = async (batch: Batch, key: string): Promise<void> => {
    const limit = new AbortController();
    const cancel = schedule(() => limit.abort(), tryMs);
    limits.add(limit);
    if (ended) limit.abort();
    try {
      await abortable(writeLog(init, batch, key, limit.signal), limit.signal);
    } finally {
      cancel();
      limits.delete(limit);
    }
  };
  const pause = (tries: number): Promise<void> =>
    new Promise((resolve) => {
      const done = (): void => {
        waits.delete(done);
        cancel();
        resolve();
      };
      const cancel = schedule(done, Math.min(init.gatherMs * 2 ** tries, mostPauseMs));
      waits.add(done);
    });
  const deliverBatch = async (batch: Batch): Promise<void> => {
    const key = logKey(batch, init.region, init.now());
    for (let tries = 1; ; tries++) {
      const last = tries >= mostTries || hurrying;
      try {
        return await inSlot(() => attempt(batch, key));
      } catch (error) {
        // A key that was revoked or a setting that can not be read will not come back by itself.
        if (last || isPosternError(error, "permission-denied", "decryption-failed")) throw error;
      }
      await pause(tries);
    }
  };

  const deliver = (name: string): void => {
    const batch = batches.get(name);
    if (batch === undefined) return;
    batches.delete(name);
    batch.cancel();
    const done = deliverBatch(batch)
      .catch((error: unknown) => {
        const { targetBucket: bucket } = batch.logging;
        log.warn({ error: String(error), bucket, records: batch.lines.length }, "access logs were not delivered");
      })
      .finally(() => {
        waitingBytes -= batch.bytes;
        underWay.delete(done);
        if (dropped > 0) log.warn({ records: dropped }, "access logs were dropped, as too many wait");
        dropped = 0;
      });
    underWay.add(done);
  };
  const flush = async (): Promise<void> => {
    for (const name of [...batches.keys()]) deliver(name);
    await Promise.all(underWay);
  };

  return {
    add(logging, record) {
      const line = `${logLine(record)}\n`;
      const bytes = Buffer.byteLength(line);
      const partition = logging.keyFormat === "simple" ? [] : [record.bucketOwner, record.bucket];
      const { targetBucket, targetPrefix, target, keyFormat, grants } = logging;
      const name = JSON.stringify([targetBucket, targetPrefix, target, keyFormat, grants, ...partition]);
      let batch = batches.get(name);
      if (waitingBytes + bytes > mostBytes || (batch === undefined && batches.size >= mostBatches)) {
        dropped++;
        return;
      }
      if (batch === undefined) {
        const cancel = schedule(() => deliver(name), init.gatherMs);
        const { bucketOwner, bucket, time } = record;
        batch = { logging, first: { bucketOwner, bucket, time }, lines: [], bytes: 0, cancel };
        batches.set(name, batch);
      }
      batch.lines.push({ bucketOwner: record.bucketOwner, bucket: record.bucket, line });
      batch.bytes += bytes;
      waitingBytes += bytes;
      if (batch.bytes >= batchBytes) deliver(name);
    },
    flush,
    async stop() {
      hurrying = true;
      for (const done of [...waits]) done();
      const cancel = schedule(() => {
        ended = true;
        for (const limit of limits) limit.abort();
      }, stopMs);
      await flush();
      cancel();
    },
  };
}

/** Rejects when the signal aborts, also if the work does not listen to it. */
function abortable(work: Promise<void>, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(new PosternError("deadline-exceeded", "it took too long"));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject);
  });
}
