/** The body of POST /v1/access. */
export interface Registration {
  readonly accessGrant: string;
  readonly public: boolean;
  readonly usageTags: readonly string[];
}

/**
 * Reads it as Go's encoding/json does for Storj's service: names of members in any case, the last of two counts, null
 * is as if the member were not there, and others are ignored. So what has no access grant has an empty one, which is
 * refused as a bad grant (400), and undefined is only for what is no JSON or has members of other types (422).
 */
export function parseRegistration(body: Buffer): Registration | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    // Not JSON: the caller is told by a 422.
    return undefined;
  }
  if (typeof value !== "object" || Array.isArray(value)) return undefined;
  let accessGrant = "";
  let isPublic = false;
  let usageTags: readonly string[] = [];
  for (const [name, member] of Object.entries(value ?? {})) {
    if (member === null) continue;
    switch (name.toLowerCase()) {
      case "access_grant":
        if (typeof member !== "string") return undefined;
        accessGrant = member;
        break;
      case "public":
        if (typeof member !== "boolean") return undefined;
        isPublic = member;
        break;
      case "usage_tags":
        if (!isTags(member)) return undefined;
        usageTags = member.map((tag) => tag ?? "");
        break;
      default:
    }
  }
  return { accessGrant, public: isPublic, usageTags };
}

function isTags(value: unknown): value is readonly (string | null)[] {
  return Array.isArray(value) && value.every((tag) => tag === null || typeof tag === "string");
}
