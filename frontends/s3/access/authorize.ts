import { isPosternError, type ObjectInfo } from "../../../core/index.js";
import { S3Error } from "../errors.js";
import { type Acl, type AclPermission, aclAllows, withoutPublic } from "./acl.js";
import { aclOfObject, type BucketAccess, type Caller, userOf } from "./bucket-access.js";
import type { OperationAction } from "./operation-actions.js";
import type { ConditionContext } from "./policy-conditions.js";
import { evaluatePolicy, isPublicPolicy } from "./policy-evaluate.js";

export interface AccessQuestion {
  readonly access: BucketAccess;
  readonly caller: Caller;
  readonly what: OperationAction;
  /** Bytes-as-text of the key; undefined for the bucket itself. */
  readonly key: string | undefined;
  readonly versioned: boolean;
  readonly context: ConditionContext;
  /** The object as it is, for its ACL; rejects when there is none. */
  object(): Promise<ObjectInfo>;
  /** Whether the caller may list the key, and so may know that there is no such object. */
  mayList(): Promise<boolean>;
}

/** What a bucket's owner may do whatever its policy says, or nobody could correct a mistake. */
const ownersRight = new Set(["s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"]);

/**
 * Rejects with AccessDenied unless the caller may. The bucket's owner may do all that its grant allows and its policy
 * does not deny; everybody else only what policy or ACL allow.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-s3-evaluates-access-control.html
 */
export async function authorize(question: AccessQuestion): Promise<"acl" | "other"> {
  const { access, caller, what, key, versioned, context } = question;
  const action = (versioned ? what.versionAction : undefined) ?? what.action;
  const { policy, publicAccessBlock } = access.settings;
  const verdict =
    policy === undefined
      ? "nothing"
      : evaluatePolicy(policy, {
          userId: userOf(caller),
          action: action.toLowerCase(),
          resource: key === undefined ? access.bucket : `${access.bucket}/${key}`,
          context,
        });
  if (access.isOwner) {
    if (verdict === "deny" && !ownersRight.has(action)) throw new S3Error("AccessDenied");
    if (what.acl?.of === "object" && what.acl.permission.endsWith("_ACP"))
      await checkForeignObject(question, what.acl.permission);
    return "other";
  }
  if (verdict === "deny") throw new S3Error("AccessDenied");
  const restricted =
    publicAccessBlock?.restrictPublicBuckets === true && policy !== undefined && isPublicPolicy(policy);
  if (verdict === "allow" && !restricted) return "other";
  if (!(await allowedByAcl(question))) throw new S3Error("AccessDenied");
  return "acl";
}

/** An object that another user wrote has that user's ACL, which the bucket's owner may not read unless it says so. */
async function checkForeignObject(question: AccessQuestion, permission: AclPermission): Promise<void> {
  const { access } = question;
  if (!access.settings.aclsEnabled) return;
  const acl = aclOfObject(await question.object(), access.ownerId);
  if (acl.owner !== access.ownerId && !aclAllows(acl, access.ownerId, permission)) throw new S3Error("AccessDenied");
}

async function allowedByAcl(question: AccessQuestion): Promise<boolean> {
  const { access, caller, what } = question;
  if (what.acl === undefined || !access.settings.aclsEnabled) return false;
  const acl = what.acl.of === "bucket" ? access.settings.acl : await objectAcl(question);
  if (acl === undefined) return false;
  const counted = access.settings.publicAccessBlock?.ignorePublicAcls === true ? withoutPublic(acl) : acl;
  return aclAllows(counted, userOf(caller), what.acl.permission);
}

/** Undefined when there is no object and the caller may not know that. */
async function objectAcl({ access, object, mayList }: AccessQuestion): Promise<Acl | undefined> {
  try {
    return aclOfObject(await object(), access.ownerId);
  } catch (error) {
    if (!isPosternError(error, "object-not-found")) throw error;
    if (await mayList()) throw error;
    return undefined;
  }
}
