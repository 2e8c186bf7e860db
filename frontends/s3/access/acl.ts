import { z } from "zod";
import { S3Error } from "../errors.js";

/**
 * Access control lists, of buckets and objects.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html
 */
export const permissions = ["READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"] as const;
export type AclPermission = (typeof permissions)[number];

export const allUsers = "http://acs.amazonaws.com/groups/global/AllUsers";
export const authenticatedUsers = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers";

export interface AclGrant {
  /** A canonical user id, or one of the two groups above. */
  readonly to: { readonly id: string } | { readonly group: string };
  readonly permission: AclPermission;
}

export interface Acl {
  /** Canonical user id. */
  readonly owner: string;
  readonly grants: readonly AclGrant[];
}

/** More grants than this are refused, as on Amazon. */
export const mostGrants = 100;

export const cannedAcls = [
  "private",
  "public-read",
  "public-read-write",
  "authenticated-read",
  "aws-exec-read",
  "bucket-owner-read",
  "bucket-owner-full-control",
  "log-delivery-write",
] as const;
export type CannedAcl = (typeof cannedAcls)[number];

/** What a canned ACL stands for. `bucketOwner` is the owner itself for an ACL of a bucket. */
export function cannedAcl(name: string, owner: string, bucketOwner: string): Acl {
  const full: AclGrant = { to: { id: owner }, permission: "FULL_CONTROL" };
  const everybody = (group: string, ...granted: AclPermission[]): AclGrant[] =>
    granted.map((permission) => ({ to: { group }, permission }));
  const ownerOfBucket = (permission: AclPermission): AclGrant[] =>
    bucketOwner === owner ? [] : [{ to: { id: bucketOwner }, permission }];
  switch (name) {
    case "private":
      return { owner, grants: [full] };
    case "public-read":
      return { owner, grants: [...everybody(allUsers, "READ"), full] };
    case "public-read-write":
      return { owner, grants: [...everybody(allUsers, "READ", "WRITE"), full] };
    case "authenticated-read":
      return { owner, grants: [...everybody(authenticatedUsers, "READ"), full] };
    case "bucket-owner-read":
      return { owner, grants: [full, ...ownerOfBucket("READ")] };
    case "bucket-owner-full-control":
      return { owner, grants: [full, ...ownerOfBucket("FULL_CONTROL")] };
    case "aws-exec-read":
    case "log-delivery-write":
      // They let services of Amazon in, which are not here.
      throw new S3Error("NotImplemented", { extra: { Header: "x-amz-acl" } });
    default:
      throw new S3Error("InvalidArgument", { extra: { ArgumentName: "x-amz-acl", ArgumentValue: name } });
  }
}

/** Whether the list lets somebody; nobody is the anonymous user. */
export function aclAllows(acl: Acl, userId: string | undefined, permission: AclPermission): boolean {
  return acl.grants.some((grant) => {
    if (grant.permission !== permission && grant.permission !== "FULL_CONTROL") return false;
    if ("id" in grant.to) return grant.to.id === userId;
    return grant.to.group === allUsers || (grant.to.group === authenticatedUsers && userId !== undefined);
  });
}

/** Whether it lets anybody who is not named (Amazon's meaning of a public ACL). */
export function isPublicAcl(acl: Acl): boolean {
  return acl.grants.some(({ to }) => "group" in to);
}

/** The same list without what it grants to groups: what IgnorePublicAcls leaves of it. */
export function withoutPublic(acl: Acl): Acl {
  return { ...acl, grants: acl.grants.filter(({ to }) => "id" in to) };
}

/** Whether anybody but its owner is let in. */
export function grantsOthers(acl: Acl): boolean {
  return acl.grants.some(({ to }) => !("id" in to) || to.id !== acl.owner);
}

/** Whether it is what no ACL at all stands for. */
export function isPrivate(acl: Acl): boolean {
  const [grant, ...more] = acl.grants;
  if (grant === undefined || more.length > 0 || !("id" in grant.to)) return false;
  return grant.to.id === acl.owner && grant.permission === "FULL_CONTROL";
}

const userIdForm = /^[0-9a-f]{64}$/;

/** Canonical user ids have one form; whether anybody has the id is not known. */
export function checkUserId(id: string): string {
  if (userIdForm.test(id)) return id;
  throw new S3Error("InvalidArgument", {
    message: "Invalid id",
    extra: { ArgumentName: "CanonicalUser/ID", ArgumentValue: id },
  });
}

export function checkGroup(uri: string): string {
  if (uri === allUsers || uri === authenticatedUsers) return uri;
  throw new S3Error("InvalidArgument", {
    message: "Invalid group uri",
    extra: { ArgumentName: "Group/URI", ArgumentValue: uri },
  });
}

const shape = z.object({
  o: z.string(),
  g: z.array(z.tuple([z.string(), z.number().int().min(0).max(4)])),
});

/** A short text form, since metadata of an object have little room. */
export function aclText(acl: Acl): string {
  return JSON.stringify({
    o: acl.owner,
    g: acl.grants.map(({ to, permission }) => [
      "id" in to ? (to.id === acl.owner ? "=" : to.id) : to.group === allUsers ? "*" : "+",
      permissions.indexOf(permission),
    ]),
  });
}

/** Reads `aclText`; undefined for anything else. */
export function parseAclText(text: string): Acl | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = shape.safeParse(value);
  if (!parsed.success) return undefined;
  const { o: owner, g } = parsed.data;
  return {
    owner,
    grants: g.map(([to, permission]) => ({
      to:
        to === "*" ? { group: allUsers } : to === "+" ? { group: authenticatedUsers } : { id: to === "=" ? owner : to },
      permission: permissions[permission]!,
    })),
  };
}
