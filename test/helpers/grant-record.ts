import { randomBytes } from "node:crypto";
import type { GrantRecord } from "../../core/auth/grant-store.js";

/** A record of no meaning, different each time. */
export function grantRecord(fields: Partial<GrantRecord> = {}): GrantRecord {
  return {
    satelliteAddress: "id@127.0.0.1:7777",
    macaroonHead: randomBytes(32),
    encryptedSecretKey: randomBytes(48),
    encryptedAccessGrant: randomBytes(200),
    expiresAt: undefined,
    public: false,
    usageTags: [],
    publicProjectId: undefined,
    projectCreatedAt: undefined,
    ...fields,
  };
}
