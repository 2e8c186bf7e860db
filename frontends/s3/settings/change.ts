import { type BucketId, mayAllIn, parseGrant } from "../../../core/index.js";
import { limitedGrant, neededPermission } from "../access/published-grant.js";
import type { Call } from "../call.js";
import { S3Error } from "../errors.js";
import { type Section, type SectionName, withSection } from "./sections.js";

export function settingsIdOf(call: Call): BucketId {
  const { identity, bucket } = call.access;
  return { satellite: identity.satellite, project: identity.project, bucket };
}

/** Replaces one section of the bucket's settings, or removes it when the value is undefined. */
export async function changeSection<K extends SectionName>(
  call: Call,
  name: K,
  value: Section<K> | undefined,
): Promise<void> {
  await requireSettingsRight(call);
  await changeSections(call, (sections) => withSection(sections, name, value));
}

/**
 * Changes sections, and the grant for others along with them. What others than the owner change keeps the grant that
 * is there: they have none to leave.
 */
export async function changeSections(
  call: Call,
  change: (sections: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
): Promise<void> {
  const { access, caller, bucket } = call;
  await call.settings.change(settingsIdOf(call), (before) => {
    const sections = change(before?.sections ?? {});
    const permission = neededPermission(sections, bucket, access.ownerId);
    if (permission === undefined) return { sections, grant: "none" };
    if (!access.isOwner || caller.kind !== "user") return { sections };
    return { sections, grant: limitedGrant(caller.accessGrant, permission, bucket) };
  });
}

/**
 * Settings are about everything in the bucket, so that they take a key for everything in it; else a key to read one
 * folder could open the bucket to the world. The satellite, which checks all else, does not know of them.
 */
async function requireSettingsRight(call: Call): Promise<void> {
  requireWholeBucket(call);
  await call.project.headBucket(call.bucket, { signal: call.signal });
}

/** The same without a look at the bucket. */
export function requireWholeBucket({ caller, access, bucket }: Call): void {
  if (access.isOwner && caller.kind === "user" && !mayAllIn(parseGrant(caller.accessGrant).apiKey, bucket)) {
    throw new S3Error("AccessDenied");
  }
}
