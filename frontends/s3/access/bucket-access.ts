import type { BucketSettingsEntry, ObjectInfo, Project } from "../../../core/index.js";
import { userIdOf } from "../owner.js";
import type { ProjectIdentity } from "../project-identity.js";
import { type PublicAccessBlock, type Section, type SectionName, sectionOf } from "../settings/sections.js";
import { type Acl, parseAclText } from "./acl.js";
import { type Policy, parsePolicy } from "./policy.js";

/** Who asks. */
export type Caller =
  | { readonly kind: "anonymous" }
  | {
      readonly kind: "user";
      readonly userId: string;
      readonly identity: ProjectIdentity;
      readonly accessGrant: string;
    };

export function userOf(caller: Caller): string | undefined {
  return caller.kind === "user" ? caller.userId : undefined;
}

/** A bucket as a caller reaches it. */
export interface BucketAccess {
  readonly bucket: string;
  /** The project that has the bucket. */
  readonly identity: ProjectIdentity;
  /** Canonical user id of that project. */
  readonly ownerId: string;
  /** Whether the caller acts with a grant of its own for that project; others go by policy and ACL. */
  readonly isOwner: boolean;
  readonly project: Project;
  readonly settings: SettingsView;
}

/** Settings of a bucket, read. */
export interface SettingsView {
  readonly entry: BucketSettingsEntry | undefined;
  section<K extends SectionName>(name: K): Section<K> | undefined;
  /** The bucket's ACL; what no ACL stands for when none was set. */
  readonly acl: Acl;
  readonly policy: Policy | undefined;
  readonly publicAccessBlock: PublicAccessBlock | undefined;
  /** Whether ACLs mean anything in this bucket. */
  readonly aclsEnabled: boolean;
}

const policies = new WeakMap<object, Policy>();

export function settingsView(entry: BucketSettingsEntry | undefined, bucket: string, ownerId: string): SettingsView {
  const section = <K extends SectionName>(name: K): Section<K> | undefined => sectionOf(entry, name);
  return {
    entry,
    section,
    get acl() {
      return parseAclText(section("acl") ?? "") ?? privateAcl(ownerId);
    },
    get policy() {
      const text = section("policy");
      if (entry === undefined || text === undefined) return undefined;
      const parsed = policies.get(entry) ?? parsePolicy(text, bucket);
      policies.set(entry, parsed);
      return parsed;
    },
    publicAccessBlock: section("publicAccessBlock"),
    aclsEnabled: section("ownership") !== "BucketOwnerEnforced",
  };
}

export function privateAcl(owner: string): Acl {
  return { owner, grants: [{ to: { id: owner }, permission: "FULL_CONTROL" }] };
}

/** Where an object's ACL is kept, with its other metadata: encrypted. */
export const aclKey = "s3:acl";

/** The ACL of an object; private and the bucket owner's when none was set. */
export function aclOfObject(info: ObjectInfo, bucketOwner: string): Acl {
  return parseAclText(info.custom[aclKey] ?? "") ?? privateAcl(bucketOwner);
}

/** The owner of what nobody signed for; Amazon's canonical id of the anonymous user, in our length. */
export const anonymousId = userIdOf({ satellite: "", project: "" });
