import type { AclPermission } from "./acl.js";

/** What a request must be allowed to do. */
export interface OperationAction {
  /** Amazon's name of the permission. */
  readonly action: string;
  /** The same for a certain version of an object. */
  readonly versionAction?: string;
  /** What an ACL must grant; none grants what has no entry here. */
  readonly acl?: { readonly of: "bucket" | "object"; readonly permission: AclPermission };
}

const read = { of: "object", permission: "READ" } as const;
const write = { of: "bucket", permission: "WRITE" } as const;
const list = { of: "bucket", permission: "READ" } as const;

/**
 * By operation. https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html and
 * …/acl-overview.html#acl-access-policy-permission-mapping
 */
export const operationActions: Readonly<Record<string, OperationAction>> = {
  ListObjects: { action: "s3:ListBucket", acl: list },
  ListObjectsV2: { action: "s3:ListBucket", acl: list },
  HeadBucket: { action: "s3:ListBucket", acl: list },
  ListObjectVersions: { action: "s3:ListBucketVersions", acl: list },
  ListMultipartUploads: { action: "s3:ListBucketMultipartUploads", acl: list },
  DeleteBucket: { action: "s3:DeleteBucket" },
  GetBucketLocation: { action: "s3:GetBucketLocation" },
  GetBucketVersioning: { action: "s3:GetBucketVersioning" },
  PutBucketVersioning: { action: "s3:PutBucketVersioning" },
  GetBucketAcl: { action: "s3:GetBucketAcl", acl: { of: "bucket", permission: "READ_ACP" } },
  PutBucketAcl: { action: "s3:PutBucketAcl", acl: { of: "bucket", permission: "WRITE_ACP" } },
  GetBucketPolicy: { action: "s3:GetBucketPolicy" },
  PutBucketPolicy: { action: "s3:PutBucketPolicy" },
  DeleteBucketPolicy: { action: "s3:DeleteBucketPolicy" },
  GetBucketPolicyStatus: { action: "s3:GetBucketPolicyStatus" },
  GetPublicAccessBlock: { action: "s3:GetBucketPublicAccessBlock" },
  PutPublicAccessBlock: { action: "s3:PutBucketPublicAccessBlock" },
  DeletePublicAccessBlock: { action: "s3:PutBucketPublicAccessBlock" },
  GetBucketOwnershipControls: { action: "s3:GetBucketOwnershipControls" },
  PutBucketOwnershipControls: { action: "s3:PutBucketOwnershipControls" },
  DeleteBucketOwnershipControls: { action: "s3:PutBucketOwnershipControls" },
  GetBucketCors: { action: "s3:GetBucketCORS" },
  PutBucketCors: { action: "s3:PutBucketCORS" },
  DeleteBucketCors: { action: "s3:PutBucketCORS" },
  GetBucketLifecycleConfiguration: { action: "s3:GetLifecycleConfiguration" },
  PutBucketLifecycleConfiguration: { action: "s3:PutLifecycleConfiguration" },
  DeleteBucketLifecycle: { action: "s3:PutLifecycleConfiguration" },
  GetBucketLogging: { action: "s3:GetBucketLogging" },
  PutBucketLogging: { action: "s3:PutBucketLogging" },
  GetBucketWebsite: { action: "s3:GetBucketWebsite" },
  PutBucketWebsite: { action: "s3:PutBucketWebsite" },
  DeleteBucketWebsite: { action: "s3:DeleteBucketWebsite" },
  GetBucketEncryption: { action: "s3:GetEncryptionConfiguration" },
  PutBucketEncryption: { action: "s3:PutEncryptionConfiguration" },
  DeleteBucketEncryption: { action: "s3:PutEncryptionConfiguration" },
  GetBucketRequestPayment: { action: "s3:GetBucketRequestPayment" },
  PutBucketRequestPayment: { action: "s3:PutBucketRequestPayment" },
  GetBucketAccelerateConfiguration: { action: "s3:GetAccelerateConfiguration" },
  PutBucketAccelerateConfiguration: { action: "s3:PutAccelerateConfiguration" },
  GetBucketNotificationConfiguration: { action: "s3:GetBucketNotification" },
  PutBucketNotificationConfiguration: { action: "s3:PutBucketNotification" },
  GetBucketTagging: { action: "s3:GetBucketTagging" },
  PutBucketTagging: { action: "s3:PutBucketTagging" },
  DeleteBucketTagging: { action: "s3:PutBucketTagging" },
  GetObjectLockConfiguration: { action: "s3:GetBucketObjectLockConfiguration" },
  PutObjectLockConfiguration: { action: "s3:PutBucketObjectLockConfiguration" },
  DeleteObjects: { action: "s3:DeleteObject", versionAction: "s3:DeleteObjectVersion", acl: write },
  PostObject: { action: "s3:PutObject", acl: write },

  GetObject: { action: "s3:GetObject", versionAction: "s3:GetObjectVersion", acl: read },
  HeadObject: { action: "s3:GetObject", versionAction: "s3:GetObjectVersion", acl: read },
  GetObjectAttributes: { action: "s3:GetObjectAttributes", versionAction: "s3:GetObjectVersionAttributes", acl: read },
  PutObject: { action: "s3:PutObject", acl: write },
  CopyObject: { action: "s3:PutObject", acl: write },
  CreateMultipartUpload: { action: "s3:PutObject", acl: write },
  UploadPart: { action: "s3:PutObject", acl: write },
  UploadPartCopy: { action: "s3:PutObject", acl: write },
  CompleteMultipartUpload: { action: "s3:PutObject", acl: write },
  AbortMultipartUpload: { action: "s3:AbortMultipartUpload", acl: write },
  ListParts: { action: "s3:ListMultipartUploadParts" },
  DeleteObject: { action: "s3:DeleteObject", versionAction: "s3:DeleteObjectVersion", acl: write },
  GetObjectAcl: {
    action: "s3:GetObjectAcl",
    versionAction: "s3:GetObjectVersionAcl",
    acl: { of: "object", permission: "READ_ACP" },
  },
  PutObjectAcl: {
    action: "s3:PutObjectAcl",
    versionAction: "s3:PutObjectVersionAcl",
    acl: { of: "object", permission: "WRITE_ACP" },
  },
  GetObjectTagging: { action: "s3:GetObjectTagging", versionAction: "s3:GetObjectVersionTagging" },
  PutObjectTagging: { action: "s3:PutObjectTagging", versionAction: "s3:PutObjectVersionTagging" },
  DeleteObjectTagging: { action: "s3:DeleteObjectTagging", versionAction: "s3:DeleteObjectVersionTagging" },
  GetObjectRetention: { action: "s3:GetObjectRetention" },
  PutObjectRetention: { action: "s3:PutObjectRetention" },
  GetObjectLegalHold: { action: "s3:GetObjectLegalHold" },
  PutObjectLegalHold: { action: "s3:PutObjectLegalHold" },
};
