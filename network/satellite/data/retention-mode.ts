/** Numbers of metainfo.Retention.Mode, which the tables keep too. */
export const RetentionMode = { None: 0, Compliance: 1, Governance: 2 } as const;
