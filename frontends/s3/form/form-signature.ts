import type { Access } from "../auth/access-cache.js";
import { formScope } from "../auth/claim.js";
import { sameSignature, sign } from "../auth/signature.js";
import { S3Error } from "../errors.js";
import { checkForm, type FormPolicy, parseFormPolicy } from "./form-policy.js";

/** A form whose signature is right, or that has none. */
export interface CheckedForm {
  readonly access: Access | undefined;
  readonly policy: FormPolicy | undefined;
}

/**
 * The signature of a form is over its policy, with Version 4 or 2.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-authentication-HTTPPOST.html
 */
export async function authenticateForm(
  fields: ReadonlyMap<string, string>,
  bucket: string,
  lookUp: (accessKeyId: string) => Promise<Access>,
  now: number,
): Promise<CheckedForm> {
  const policyText = fields.get("policy");
  const access = await signedBy(fields, policyText, lookUp);
  if (policyText === undefined) return { access, policy: undefined };
  const policy = parseFormPolicy(policyText);
  checkForm(policy, fields, bucket, now);
  return { access, policy };
}

async function signedBy(
  fields: ReadonlyMap<string, string>,
  policy: string | undefined,
  lookUp: (accessKeyId: string) => Promise<Access>,
): Promise<Access | undefined> {
  const algorithm = fields.get("x-amz-algorithm");
  const keyV2 = fields.get("awsaccesskeyid");
  if (algorithm === undefined && keyV2 === undefined && !fields.has("signature") && !fields.has("x-amz-signature")) {
    return undefined;
  }
  if (policy === undefined) throw missing("policy");
  if (algorithm === undefined && !fields.has("x-amz-credential")) {
    if (keyV2 === undefined) throw missing("AWSAccessKeyId");
    const signature = fields.get("signature") ?? fail("signature");
    const access = await lookUp(keyV2);
    if (!sameSignature(access.signV2(policy), signature)) throw new S3Error("SignatureDoesNotMatch");
    return access;
  }
  if (algorithm !== "AWS4-HMAC-SHA256") {
    throw new S3Error("InvalidArgument", { message: 'X-Amz-Algorithm only supports "AWS4-HMAC-SHA256"' });
  }
  const { accessKeyId, scope } = formScope(fields.get("x-amz-credential") ?? fail("x-amz-credential"));
  if (!(fields.get("x-amz-date") ?? fail("x-amz-date")).startsWith(scope.date)) {
    throw new S3Error("InvalidArgument", { message: "the credential's date is not that of x-amz-date." });
  }
  const signature = fields.get("x-amz-signature") ?? fail("x-amz-signature");
  const access = await lookUp(accessKeyId);
  if (!sameSignature(sign(access.signingKey(scope), policy), signature)) throw new S3Error("SignatureDoesNotMatch");
  return access;
}

function fail(field: string): never {
  throw missing(field);
}

function missing(field: string): S3Error {
  return new S3Error("InvalidArgument", {
    message: `Bucket POST must contain a field named '${field}'.  If it is specified, please check the order of the fields.`,
    extra: { ArgumentName: field, ArgumentValue: "" },
  });
}
