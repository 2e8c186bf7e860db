import { S3Error } from "../errors.js";
import type { RequestHeaders } from "../headers.js";
import { children, childText, type XmlNode } from "../xml/read.js";
import {
  type Acl,
  type AclGrant,
  type AclPermission,
  cannedAcl,
  checkGroup,
  checkUserId,
  mostGrants,
  permissions,
} from "./acl.js";

const grantHeaders: readonly (readonly [string, AclPermission])[] = [
  ["x-amz-grant-read", "READ"],
  ["x-amz-grant-write", "WRITE"],
  ["x-amz-grant-read-acp", "READ_ACP"],
  ["x-amz-grant-write-acp", "WRITE_ACP"],
  ["x-amz-grant-full-control", "FULL_CONTROL"],
];

/**
 * The ACL that x-amz-acl or x-amz-grant-* headers ask for; undefined when there are none.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-using-rest-api.html
 */
export function aclOfHeaders(headers: RequestHeaders, owner: string, bucketOwner: string): Acl | undefined {
  const canned = headers.get("x-amz-acl");
  const granted = grantHeaders.filter(([name]) => headers.has(name));
  if (canned !== undefined && granted.length > 0) {
    throw new S3Error("InvalidRequest", { message: "Specifying both Canned ACLs and Header Grants is not allowed" });
  }
  if (canned !== undefined) return cannedAcl(canned, owner, bucketOwner);
  if (granted.length === 0) return undefined;
  const grants = granted.flatMap(([name, permission]) =>
    granteesOf(headers.get(name)!).map((to): AclGrant => ({ to, permission })),
  );
  return checked({ owner, grants });
}

/** `id="…", uri="…"`: quotes are optional. */
function granteesOf(text: string): AclGrant["to"][] {
  return text.split(",").map((piece) => {
    const match = /^\s*(id|uri|emailAddress)\s*=\s*"?([^"]*?)"?\s*$/i.exec(piece);
    if (match === null) throw new S3Error("InvalidArgument", { message: "Argument format not recognized" });
    const [, kind, value] = match as unknown as [string, string, string];
    if (kind.toLowerCase() === "id") return { id: checkUserId(value) };
    if (kind.toLowerCase() === "uri") return { group: checkGroup(value) };
    throw unresolvable(value);
  });
}

/** Reads an AccessControlPolicy document. The owner can not be changed. */
export function aclOfDocument(document: XmlNode, owner: string): Acl {
  const [ownerNode] = children(document, "Owner");
  const named = ownerNode === undefined ? undefined : childText(ownerNode, "ID");
  if (named !== undefined && named !== owner) throw new S3Error("AccessDenied");
  const lists = children(document, "AccessControlList");
  if (lists.length !== 1) throw new S3Error("MalformedACLError");
  return checked({ owner, grants: grantsOfList(lists[0]!, "MalformedACLError") });
}

/** Reads the Grant elements of a list; `malformed` is the code for what is none. */
export function grantsOfList(list: XmlNode, malformed: "MalformedACLError" | "MalformedXML"): AclGrant[] {
  return children(list, "Grant").map((node): AclGrant => {
    const [grantee, ...more] = children(node, "Grantee");
    const permission = permissions.find((known) => known === childText(node, "Permission")?.trim());
    if (grantee === undefined || more.length > 0 || permission === undefined) throw new S3Error(malformed);
    return { to: granteeOf(grantee, malformed), permission };
  });
}

/** What a grantee is follows from what it has; the attribute xsi:type says the same. */
function granteeOf(node: XmlNode, malformed: "MalformedACLError" | "MalformedXML"): AclGrant["to"] {
  const id = childText(node, "ID");
  const uri = childText(node, "URI");
  const email = childText(node, "EmailAddress");
  if (id !== undefined && id !== "") return { id: checkUserId(id) };
  if (uri !== undefined) return { group: checkGroup(uri) };
  if (email !== undefined) throw unresolvable(email);
  throw new S3Error(malformed);
}

/** Nobody's e-mail address is known here. */
function unresolvable(address: string): S3Error {
  return new S3Error("UnresolvableGrantByEmailAddress", {
    extra: { ArgumentName: "EmailAddress", ArgumentValue: address },
  });
}

function checked(acl: Acl): Acl {
  if (acl.grants.length > mostGrants) throw new S3Error("MalformedACLError");
  return acl;
}
