import { RetentionMode } from "./retention-mode.js";
import type { Micros } from "./times.js";

/** What a row says of its lock. */
export interface LockedRow {
  readonly retentionMode: number;
  readonly retainUntil: Micros | null;
  readonly legalHold: number;
}

export interface LockRules {
  /** The caller may and wants to pass over governance mode. */
  readonly bypassGovernance: boolean;
  readonly now: Micros;
}

/** Whether an object may neither be deleted nor replaced (storj/storj satellite/metabase/object_lock.go). */
export function isProtected(row: LockedRow, rules: LockRules): boolean {
  if (row.legalHold !== 0) return true;
  const active = row.retentionMode !== RetentionMode.None && (row.retainUntil ?? 0) > rules.now;
  return active && !(rules.bypassGovernance && row.retentionMode === RetentionMode.Governance);
}
