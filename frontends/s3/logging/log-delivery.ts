import { randomBytes } from "node:crypto";
import { isPosternError } from "../../../core/index.js";
import type { Logger } from "../../frontend.js";
import { settingsView } from "../access/bucket-access.js";
import { userIdOf } from "../owner.js";
import type { ProjectCache } from "../project-cache.js";
import type { LoggingSettings } from "../settings/sections.js";
import type { SettingsCache } from "../settings/settings-cache.js";
import { type LogRecord, logLine } from "./log-record.js";
import { acceptsLogs } from "./logging-settings.js";

/** Brings records to the buckets that they are for. */
export interface LogDelivery {
  add(logging: LoggingSettings, record: LogRecord): void;
  /** Delivers what there is. */
  flush(): Promise<void>;
  stop(): Promise<void>;
}

export interface LogDeliveryInit {
  readonly settings: SettingsCache;
  readonly projects: ProjectCache;
  readonly log: Logger;
  readonly region: string;
  /** How long records are gathered, in ms. */
  readonly gatherMs: number;
  readonly now: () => number;
}

interface Batch {
  readonly logging: LoggingSettings;
  readonly records: LogRecord[];
  readonly timer: NodeJS.Timeout;
}

/** A batch this long is delivered at once; what comes while too many wait is dropped. */
const mostRecords = 10_000;
const mostBatches = 1_000;

/**
 * Records wait in memory: logs are a best effort, as on Amazon, and a gateway that is killed loses the last seconds. Each
 * batch becomes one object. Whether the target still lets them in is asked when they are delivered.
 */
export function createLogDelivery(init: LogDeliveryInit): LogDelivery {
  const batches = new Map<string, Batch>();
  const underWay = new Set<Promise<void>>();

  const deliver = (name: string): Promise<void> => {
    const batch = batches.get(name);
    if (batch === undefined) return Promise.resolve();
    batches.delete(name);
    clearTimeout(batch.timer);
    const done = write(init, batch).catch((error: unknown) => {
      const bucket = batch.logging.targetBucket;
      init.log.warn({ error: String(error), bucket, records: batch.records.length }, "access logs were not delivered");
    });
    underWay.add(done);
    void done.finally(() => underWay.delete(done));
    return done;
  };
  const flush = async (): Promise<void> => {
    await Promise.all([...batches.keys()].map(deliver));
    await Promise.all(underWay);
  };

  return {
    add(logging, record) {
      const partition = logging.keyFormat === "simple" ? "" : `${record.bucketOwner}/${record.bucket}`;
      const name = [logging.targetBucket, logging.targetPrefix, logging.keyFormat, partition].join("\0");
      let batch = batches.get(name);
      if (batch === undefined) {
        if (batches.size >= mostBatches) return;
        const timer = setTimeout(() => void deliver(name), init.gatherMs);
        timer.unref();
        batch = { logging, records: [], timer };
        batches.set(name, batch);
      }
      batch.records.push(record);
      if (batch.records.length >= mostRecords) void deliver(name);
    },
    flush,
    stop: flush,
  };
}

async function write({ settings, projects, region, now }: LogDeliveryInit, batch: Batch): Promise<void> {
  const { targetBucket: bucket, targetPrefix: prefix } = batch.logging;
  const entry = (await settings.find(bucket)).find(({ hasGrant }) => hasGrant);
  const grant = entry?.openGrant();
  if (entry === undefined || grant === undefined) return;
  const view = settingsView(entry, bucket, userIdOf(entry.id));
  const allowed = new Map<string, boolean>();
  const lines = batch.records.flatMap((record) => {
    const source = `${record.bucketOwner}/${record.bucket}`;
    if (!allowed.has(source)) {
      const from = { bucket: record.bucket, ownerId: record.bucketOwner };
      allowed.set(source, acceptsLogs({ bucket, settings: view }, prefix, from));
    }
    return allowed.get(source) ? [`${logLine(record)}\n`] : [];
  });
  if (lines.length === 0) return;
  const body = Buffer.from(lines.join(""));
  const key = keyOf(batch, region, now());
  const lease = await projects.acquire(grant);
  try {
    await lease.project.putObject(bucket, key, [body], { custom: { "content-type": "text/plain" } });
  } catch (error) {
    // A target that is gone takes no logs.
    if (!isPosternError(error, "bucket-not-found")) throw error;
  } finally {
    lease.release();
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html#server-log-keyname-format */
function keyOf({ logging, records }: Batch, region: string, now: number): string {
  const [first] = records;
  const text = new Date(logging.keyFormat === "event-time" ? first!.time : now).toISOString();
  const [year, month, day, hour, minute, second] = text.split(/[-T:.Z]/);
  const name = `${year}-${month}-${day}-${hour}-${minute}-${second}-${randomBytes(8).toString("hex").toUpperCase()}`;
  if (logging.keyFormat === "simple" || logging.keyFormat === "none") return `${logging.targetPrefix}${name}`;
  const partition = `${first!.bucketOwner}/${region}/${first!.bucket}/${year}/${month}/${day}`;
  return `${logging.targetPrefix}${partition}/${name}`;
}
