import type { Call } from "../call.js";
import { S3Error } from "../errors.js";
import { changeSections, requireWholeBucket } from "../settings/change.js";
import { configuration } from "../settings/document.js";
import { withSection } from "../settings/sections.js";
import { type Acl, aclText, grantsOthers, isPrivate, isPublicAcl } from "./acl.js";
import { aclOfDocument, aclOfHeaders } from "./acl-request.js";
import { aclKey, anonymousId, privateAcl, userOf } from "./bucket-access.js";

/** The ACL that a PUT of an ACL asks for, in headers or body. */
export async function requestedAcl(call: Call, owner: string): Promise<Acl> {
  const { ownerId, settings } = call.access;
  if (!settings.aclsEnabled && call.headers.get("x-amz-acl") !== "bucket-owner-full-control") {
    throw new S3Error("AccessControlListNotSupported");
  }
  const acl =
    aclOfHeaders(call.headers, owner, ownerId) ??
    aclOfDocument(await configuration(call, "AccessControlPolicy"), owner);
  checkAllowed(call, acl);
  return acl;
}

/**
 * The ACL of an object that the call is about to write, in the form of its metadata; undefined for the usual one,
 * private and the bucket owner's. Others' objects are their own, unless the bucket says otherwise.
 */
export function aclOfNewObject(call: Call): Record<string, string> {
  const { access, caller } = call;
  const { ownerId, settings } = access;
  const writer = access.isOwner ? ownerId : (userOf(caller) ?? anonymousId);
  const canned = call.headers.get("x-amz-acl");
  if (!settings.aclsEnabled) {
    const requested = aclOfHeaders(call.headers, ownerId, ownerId);
    const harmless = requested === undefined || isPrivate(requested);
    if (!harmless || canned === "private") throw new S3Error("AccessControlListNotSupported");
    return {};
  }
  const preferred = settings.section("ownership") === "BucketOwnerPreferred" && canned === "bucket-owner-full-control";
  const owner = preferred ? ownerId : writer;
  const acl = aclOfHeaders(call.headers, owner, ownerId) ?? privateAcl(owner);
  checkAllowed(call, acl);
  return aclMetadata(acl, ownerId);
}

export function aclMetadata(acl: Acl, bucketOwner: string): Record<string, string> {
  return acl.owner === bucketOwner && isPrivate(acl) ? {} : { [aclKey]: aclText(acl) };
}

/** Has the owner's grant kept, if an object's ACL lets others in and nothing did so before. */
export async function shareIfNeeded(call: Call, custom: Readonly<Record<string, string>>): Promise<void> {
  const text = custom[aclKey];
  const { access } = call;
  if (text === undefined || access.settings.section("sharedObjects") === true || !access.isOwner) return;
  requireWholeBucket(call);
  await changeSections(call, (sections) => withSection(sections, "sharedObjects", true));
}

function checkAllowed(call: Call, acl: Acl): void {
  const { settings } = call.access;
  if (!settings.aclsEnabled && grantsOthers(acl)) throw new S3Error("AccessControlListNotSupported");
  if (settings.publicAccessBlock?.blockPublicAcls === true && isPublicAcl(acl)) throw new S3Error("AccessDenied");
}
