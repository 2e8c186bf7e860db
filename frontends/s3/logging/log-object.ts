import { randomBytes } from "node:crypto";
import { type BucketSettingsEntry, isPosternError } from "../../../core/index.js";
import { settingsView } from "../access/bucket-access.js";
import { aclMetadata } from "../access/requested-acl.js";
import { userIdOf } from "../owner.js";
import type { ProjectCache } from "../project-cache.js";
import { type LoggingSettings, withSection } from "../settings/sections.js";
import type { SettingsCache } from "../settings/settings-cache.js";
import type { LogRecord } from "./log-record.js";
import { acceptsLogs } from "./logging-settings.js";

/** Lines that become one object. */
export interface LogBatch {
  readonly logging: LoggingSettings;
  readonly first: Pick<LogRecord, "bucketOwner" | "bucket" | "time">;
  /** With the bucket that each is about; lines end themselves. */
  readonly lines: (Pick<LogRecord, "bucketOwner" | "bucket"> & { readonly line: string })[];
}

/** A name of its own for the object. https://docs.aws.amazon.com/AmazonS3/latest/userguide/ServerLogs.html#server-log-keyname-format */
export function logKey({ logging, first }: LogBatch, region: string, now: number): string {
  const text = new Date(logging.keyFormat === "event-time" ? first.time : now).toISOString();
  const [year, month, day, hour, minute, second] = text.split(/[-T:.Z]/);
  const name = `${year}-${month}-${day}-${hour}-${minute}-${second}-${randomBytes(8).toString("hex").toUpperCase()}`;
  if (logging.keyFormat === "simple" || logging.keyFormat === "none") return `${logging.targetPrefix}${name}`;
  const partition = `${first.bucketOwner}/${region}/${first.bucket}/${year}/${month}/${day}`;
  return `${logging.targetPrefix}${partition}/${name}`;
}

/** Stores the lines that the target lets in; nothing when it lets none in, or is gone. */
export async function writeLog(
  { settings, projects }: { readonly settings: SettingsCache; readonly projects: ProjectCache },
  batch: LogBatch,
  key: string,
  signal: AbortSignal,
): Promise<void> {
  const { targetBucket: bucket, targetPrefix: prefix, target } = batch.logging;
  // Not just any bucket of that name: whoever came first with it would get all logs.
  const entry = target === undefined ? undefined : await settings.findOwn({ ...target, bucket });
  const grant = entry?.openGrant();
  if (entry === undefined || grant === undefined) return;
  const view = settingsView(entry, bucket, userIdOf(entry.id));
  const allowed = new Map<string, boolean>();
  const lines = batch.lines.flatMap(({ bucketOwner, bucket: about, line }) => {
    const source = `${bucketOwner}/${about}`;
    const verdict =
      allowed.get(source) ?? acceptsLogs({ bucket, settings: view }, prefix, { bucket: about, ownerId: bucketOwner });
    allowed.set(source, verdict);
    return verdict ? [line] : [];
  });
  if (lines.length === 0) return;
  const acl = view.aclsEnabled ? await aclOfLogs(settings, entry, batch.logging) : {};
  const lease = await projects.acquire(grant);
  try {
    const custom = { "content-type": "text/plain", ...acl };
    await lease.project.putObject(bucket, key, [Buffer.from(lines.join(""))], { custom, signal });
  } catch (error) {
    // A target that is gone takes no logs.
    if (!isPosternError(error, "bucket-not-found")) throw error;
  } finally {
    lease.release();
  }
}

/** The ACL of the object, as its metadata; and a note in the settings that objects of the bucket may be others' to read. */
async function aclOfLogs(
  settings: SettingsCache,
  entry: BucketSettingsEntry,
  { grants }: LoggingSettings,
): Promise<Record<string, string>> {
  if (grants === undefined) return {};
  const owner = userIdOf(entry.id);
  if (entry.sections["sharedObjects"] === undefined) {
    await settings.change(entry.id, (before) => ({
      sections: before === undefined ? {} : withSection(before.sections, "sharedObjects", true),
    }));
  }
  return aclMetadata({ owner, grants: [{ to: { id: owner }, permission: "FULL_CONTROL" }, ...grants] }, owner);
}
