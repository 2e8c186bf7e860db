import type { ObjectInfo, ObjectToDelete, Project } from "../../../core/index.js";
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
  readonly signal: AbortSignal;
}

/** What a run did. */
export interface LifecycleTally {
  readonly expired: number;
  readonly versionsRemoved: number;
  readonly uploadsAborted: number;
}

/**
 * Does what the rules of a bucket call for at this time. Every step is one that may be done twice, so that gateways
 * need not agree on who runs. https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html
 */
export async function runLifecycle(run: LifecycleRun): Promise<LifecycleTally> {
  const enabled = run.rules.filter((rule) => rule.enabled);
  const active = { ...run, rules: enabled };
  if (enabled.length === 0) return { expired: 0, versionsRemoved: 0, uploadsAborted: 0 };
  const versions = await keepsVersions(run.project, run.bucket, run.signal);
  const removed = versions
    ? await expireVersions(active)
    : { expired: await expireObjects(active), versionsRemoved: 0 };
  return { ...removed, uploadsAborted: await abortUploads(active) };
}

function subjectOf(info: ObjectInfo): RuleSubject {
  const tags = new Map(tagsOfText(info.custom[tagsKey] ?? "").map(({ key, value }) => [key, value]));
  return { key: info.key, size: info.size, createdAt: info.createdAt, tags };
}

async function expireObjects({ project, bucket, rules, now, signal }: LifecycleRun): Promise<number> {
  if (!rules.some(({ expiration }) => expiration !== undefined)) return 0;
  let expired = 0;
  for (let cursor: Uint8Array | undefined; ; ) {
    const page = await project.listObjects(bucket, { cursor, custom: true, signal });
    const doomed = page.entries.flatMap((entry): ObjectToDelete[] => {
      if (entry.kind !== "object") return [];
      const expiry = expiryOf(rules, subjectOf(entry.object));
      return expiry !== undefined && expiry.at <= now ? [{ key: entry.object.keyBytes }] : [];
    });
    if (doomed.length > 0) await project.deleteObjects(bucket, doomed, { signal });
    expired += doomed.length;
    if (page.next === undefined) return expired;
    cursor = page.next;
  }
}

/** Versions come newest first within a key: what a version was replaced by is the one before it. */
async function expireVersions(run: LifecycleRun): Promise<{ expired: number; versionsRemoved: number }> {
  const { project, bucket, signal } = run;
  let newer: ObjectInfo | undefined;
  let noncurrent = 0;
  let expired = 0;
  let versionsRemoved = 0;
  let cursor: { cursor?: Uint8Array; versionCursor?: Uint8Array } = {};
  /** A delete marker goes only once it is known that nothing is behind it. */
  let marker: ObjectInfo | undefined;
  for (;;) {
    const page = await project.listVersions(bucket, { ...cursor, custom: true, signal });
    const doomed: ObjectToDelete[] = [];
    const settleMarker = (): void => {
      if (marker !== undefined && markerExpires(run, marker)) doomed.push(versionOf(marker));
      marker = undefined;
    };
    for (const entry of page.entries) {
      if (entry.kind !== "object") continue;
      const info = entry.object;
      if (newer === undefined || newer.key !== info.key) {
        settleMarker();
        noncurrent = 0;
        newer = info;
        if (info.isDeleteMarker) marker = info;
        else if (expires(run, info)) doomed.push({ key: info.keyBytes });
        continue;
      }
      marker = undefined;
      if (noncurrentExpires(run, info, newer, noncurrent)) doomed.push(versionOf(info));
      noncurrent++;
      newer = info;
    }
    if (page.next === undefined) settleMarker();
    if (doomed.length > 0) await project.deleteObjects(bucket, doomed, { signal });
    versionsRemoved += doomed.filter(({ version }) => version !== undefined).length;
    expired += doomed.filter(({ version }) => version === undefined).length;
    if (page.next === undefined) return { expired, versionsRemoved };
    cursor = { cursor: page.next, versionCursor: page.nextVersion };
  }
}

function versionOf({ keyBytes, version }: ObjectInfo): ObjectToDelete {
  return { key: keyBytes, version };
}

function expires({ rules, now }: LifecycleRun, info: ObjectInfo): boolean {
  const expiry = expiryOf(rules, subjectOf(info));
  return expiry !== undefined && expiry.at <= now;
}

function markerExpires({ rules, now }: LifecycleRun, marker: ObjectInfo): boolean {
  return rules.some((rule) => {
    const { expiration } = rule;
    if (expiration === undefined || !ruleApplies(rule, subjectOf(marker))) return false;
    if (expiration.deleteMarkers === true) return true;
    // Rules that expire by age take markers with nothing behind them along.
    return expiration.days !== undefined && daysAfter(marker.createdAt.getTime(), expiration.days) <= now;
  });
}

function noncurrentExpires(
  { rules, now }: LifecycleRun,
  info: ObjectInfo,
  replacedBy: ObjectInfo,
  newerNoncurrent: number,
): boolean {
  return rules.some((rule) => {
    const { noncurrent } = rule;
    if (noncurrent === undefined || !ruleApplies(rule, subjectOf(info))) return false;
    if (noncurrent.newer !== undefined && newerNoncurrent < noncurrent.newer) return false;
    return daysAfter(replacedBy.createdAt.getTime(), noncurrent.days) <= now;
  });
}

async function abortUploads({ project, bucket, rules, now, signal }: LifecycleRun): Promise<number> {
  const aborting = rules.filter(({ abortUploadsAfterDays }) => abortUploadsAfterDays !== undefined);
  if (aborting.length === 0) return 0;
  let aborted = 0;
  for (let cursor: Uint8Array | undefined; ; ) {
    const page = await project.listUploads(bucket, { cursor, signal });
    for (const entry of page.entries) {
      if (entry.kind !== "upload") continue;
      const { key, keyBytes, uploadId, createdAt } = entry.upload;
      const due = aborting.some(
        ({ filter, abortUploadsAfterDays }) =>
          key.startsWith(filter.prefix ?? "") && daysAfter(createdAt.getTime(), abortUploadsAfterDays!) <= now,
      );
      if (!due) continue;
      await project.abortUpload(bucket, keyBytes, uploadId, { signal });
      aborted++;
    }
    if (page.next === undefined) return aborted;
    cursor = page.next;
  }
}
