/** Times of a satellite that does nothing by itself: tests run its rounds when they want them. */
export const noUpkeep = {
  pingIntervalMs: 0,
  choreIntervalMs: 0,
  repairIntervalMs: 0,
  gcIntervalMs: 0,
  auditIntervalMs: 0,
} as const;
