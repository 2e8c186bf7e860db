import { isPosternError, type ObjectInfo, type ObjectToDelete, type Project } from "../../../core/index.js";
import { daysAfter, expiryOf, type RuleSubject, ruleApplies } from "../lifecycle-expiry.js";
import { tagsKey } from "../metadata.js";
import type { LifecycleRule } from "../settings/sections.js";
import { tagsOfText } from "../tagging.js";
import { keepsVersions } from "../version-id.js";

export interface LifecycleRun {
  readonly project: Project;
  readonly bucket: string;
  readonly rules: readonly LifecycleRule[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** A day of the rules, in ms. */
  readonly dayMs: number;
  readonly signal: AbortSignal;
}

/** What a run did. */
export interface LifecycleTally {
  readonly expired: number;
  readonly versionsRemoved: number;
  readonly uploadsAborted: number;
  /** What could not be deleted, being locked for example. */
  readonly failed: number;
}

/**
 * Does what the rules of a bucket call for at this time. Every step is one that may be done twice, should two gateways
 * be at it. https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
 */
export async function runLifecycle(run: LifecycleRun): Promise<LifecycleTally> {
  const active = { ...run, rules: run.rules.filter((rule) => rule.enabled) };
  const tally: Tally = { expired: 0, versionsRemoved: 0, uploadsAborted: 0, failed: 0 };
  if (active.rules.some(({ expiration, noncurrent }) => expiration !== undefined || noncurrent !== undefined)) {
    await expireObjects(active, tally);
  }
  await abortUploads(active, tally);
  return tally;
}

type Tally = { -readonly [K in keyof LifecycleTally]: LifecycleTally[K] };

function subjectOf(info: ObjectInfo): RuleSubject {
  const tags = new Map(tagsOfText(info.custom[tagsKey] ?? "").map(({ key, value }) => [key, value]));
  return { key: info.key, size: info.size, createdAt: info.createdAt, tags };
}

/** Versions come newest first within a key: what a version was replaced by is the one before it. */
async function expireObjects(run: LifecycleRun, tally: Tally): Promise<void> {
  const { project, bucket, signal } = run;
  const versions = await keepsVersions(project, bucket, signal);
  let newer: ObjectInfo | undefined;
  let noncurrent = 0;
  let cursor: { cursor?: Uint8Array; versionCursor?: Uint8Array } = {};
  /** A delete marker goes only once it is known that nothing is behind it. */
  let marker: ObjectInfo | undefined;
  for (;;) {
    const page = await project.listVersions(bucket, { ...cursor, custom: true, signal });
    const expired: ObjectInfo[] = [];
    const doomed: ObjectInfo[] = [];
    const settleMarker = (): void => {
      if (marker !== undefined && markerExpires(run, marker)) doomed.push(marker);
      marker = undefined;
    };
    for (const entry of page.entries) {
      if (entry.kind !== "object") continue;
      const info = entry.object;
      if (newer === undefined || !sameKey(newer, info)) {
        settleMarker();
        noncurrent = 0;
        newer = info;
        if (info.isDeleteMarker) marker = info;
        else if (expires(run, info)) expired.push(info);
        continue;
      }
      marker = undefined;
      if (noncurrentExpires(run, info, newer, noncurrent)) doomed.push(info);
      noncurrent++;
      newer = info;
    }
    if (page.next === undefined) settleMarker();
    if (versions) {
      // Each gets a delete marker in front of it, and must not when it has one, or is no longer what has expired.
      const latest = await filterAsync(expired, (info) => isLatest(run, info));
      tally.expired += await remove(
        run,
        latest.map(({ keyBytes }) => ({ key: keyBytes })),
        tally,
      );
      tally.versionsRemoved += await remove(run, doomed.map(versionOf), tally);
    } else {
      // By version: an object that replaced it in the meantime stays.
      tally.expired += await remove(run, expired.map(versionOf), tally);
    }
    if (page.next === undefined) return;
    cursor = { cursor: page.next, versionCursor: page.nextVersion };
  }
}

/** Deletes, and returns how many were there. What is locked stays, for the next time. */
async function remove(
  { project, bucket, signal }: LifecycleRun,
  doomed: readonly ObjectToDelete[],
  tally: Tally,
): Promise<number> {
  if (doomed.length === 0) return 0;
  const results = await project.deleteObjects(bucket, doomed, { signal });
  tally.failed += results.filter(({ status }) => status !== "ok" && status !== "not-found").length;
  return results.filter(({ status }) => status === "ok").length;
}

async function isLatest({ project, bucket, signal }: LifecycleRun, info: ObjectInfo): Promise<boolean> {
  try {
    return equal((await project.headObject(bucket, info.keyBytes, { signal })).version, info.version);
  } catch (error) {
    if (isPosternError(error, "object-not-found")) return false;
    throw error;
  }
}

const headsAtOnce = 8;

async function filterAsync<T>(items: readonly T[], keep: (item: T) => Promise<boolean>): Promise<T[]> {
  const kept: T[] = [];
  for (let at = 0; at < items.length; at += headsAtOnce) {
    const some = items.slice(at, at + headsAtOnce);
    const verdicts = await Promise.all(some.map(keep));
    kept.push(...some.filter((_, index) => verdicts[index]));
  }
  return kept;
}

function sameKey(a: ObjectInfo, b: ObjectInfo): boolean {
  return equal(a.keyBytes, b.keyBytes);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function versionOf({ keyBytes, version }: ObjectInfo): ObjectToDelete {
  return { key: keyBytes, version };
}

function expires({ rules, now, dayMs }: LifecycleRun, info: ObjectInfo): boolean {
  const expiry = expiryOf(rules, subjectOf(info), dayMs);
  return expiry !== undefined && expiry.at <= now;
}

function markerExpires({ rules, now, dayMs }: LifecycleRun, marker: ObjectInfo): boolean {
  return rules.some((rule) => {
    const { expiration } = rule;
    if (expiration === undefined || !ruleApplies(rule, subjectOf(marker))) return false;
    if (expiration.deleteMarkers === true) return true;
    // Rules that expire by age take markers with nothing behind them along.
    return expiration.days !== undefined && daysAfter(marker.createdAt.getTime(), expiration.days, dayMs) <= now;
  });
}

function noncurrentExpires(
  { rules, now, dayMs }: LifecycleRun,
  info: ObjectInfo,
  replacedBy: ObjectInfo,
  newerNoncurrent: number,
): boolean {
  return rules.some((rule) => {
    const { noncurrent } = rule;
    if (noncurrent === undefined || !ruleApplies(rule, subjectOf(info))) return false;
    if (noncurrent.newer !== undefined && newerNoncurrent < noncurrent.newer) return false;
    return daysAfter(replacedBy.createdAt.getTime(), noncurrent.days, dayMs) <= now;
  });
}

async function abortUploads(run: LifecycleRun, tally: Tally): Promise<void> {
  const { project, bucket, rules, now, dayMs, signal } = run;
  const aborting = rules.flatMap(({ filter, abortUploadsAfterDays: days }) =>
    days === undefined ? [] : [{ prefix: Buffer.from(filter.prefix ?? ""), days }],
  );
  if (aborting.length === 0) return;
  for (let cursor: Uint8Array | undefined; ; ) {
    const page = await project.listUploads(bucket, { cursor, signal });
    for (const entry of page.entries) {
      if (entry.kind !== "upload") continue;
      const { keyBytes, uploadId, createdAt } = entry.upload;
      const due = aborting.some(
        ({ prefix, days }) =>
          equal(keyBytes.subarray(0, prefix.length), prefix) && daysAfter(createdAt.getTime(), days, dayMs) <= now,
      );
      if (due && (await abortUpload(run, keyBytes, uploadId))) tally.uploadsAborted++;
    }
    if (page.next === undefined) return;
    cursor = page.next;
  }
}

/** False when it was completed or aborted in the meantime. */
async function abortUpload({ project, bucket, signal }: LifecycleRun, key: Uint8Array, id: string): Promise<boolean> {
  try {
    await project.abortUpload(bucket, key, id, { signal });
    return true;
  } catch (error) {
    if (isPosternError(error, "upload-not-found")) return false;
    throw error;
  }
}
