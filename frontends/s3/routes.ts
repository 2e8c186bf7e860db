import type { Operation } from "./call.js";
import { S3Error } from "./errors.js";
import type { RequestHeaders } from "./headers.js";
import { abortMultipartUpload } from "./operations/abort-multipart-upload.js";
import { completeMultipartUpload } from "./operations/complete-multipart-upload.js";
import { copyObject } from "./operations/copy-object.js";
import { createBucket } from "./operations/create-bucket.js";
import { createMultipartUpload } from "./operations/create-multipart-upload.js";
import { deleteBucket } from "./operations/delete-bucket.js";
import { deleteBucketCors } from "./operations/delete-bucket-cors.js";
import { deleteBucketEncryption } from "./operations/delete-bucket-encryption.js";
import { deleteBucketLifecycle } from "./operations/delete-bucket-lifecycle.js";
import { deleteBucketOwnershipControls } from "./operations/delete-bucket-ownership-controls.js";
import { deleteBucketPolicy } from "./operations/delete-bucket-policy.js";
import { deleteBucketTagging } from "./operations/delete-bucket-tagging.js";
import { deleteBucketWebsite } from "./operations/delete-bucket-website.js";
import { deleteObject } from "./operations/delete-object.js";
import { deleteObjectTagging } from "./operations/delete-object-tagging.js";
import { deleteObjects } from "./operations/delete-objects.js";
import { deletePublicAccessBlock } from "./operations/delete-public-access-block.js";
import { getBucketAccelerateConfiguration } from "./operations/get-bucket-accelerate-configuration.js";
import { getBucketAcl } from "./operations/get-bucket-acl.js";
import { getBucketCors } from "./operations/get-bucket-cors.js";
import { getBucketEncryption } from "./operations/get-bucket-encryption.js";
import { getBucketLifecycleConfiguration } from "./operations/get-bucket-lifecycle-configuration.js";
import { getBucketLocation } from "./operations/get-bucket-location.js";
import { getBucketLogging } from "./operations/get-bucket-logging.js";
import { getBucketNotificationConfiguration } from "./operations/get-bucket-notification-configuration.js";
import { getBucketOwnershipControls } from "./operations/get-bucket-ownership-controls.js";
import { getBucketPolicy } from "./operations/get-bucket-policy.js";
import { getBucketPolicyStatus } from "./operations/get-bucket-policy-status.js";
import { getBucketRequestPayment } from "./operations/get-bucket-request-payment.js";
import { getBucketTagging } from "./operations/get-bucket-tagging.js";
import { getBucketVersioning } from "./operations/get-bucket-versioning.js";
import { getBucketWebsite } from "./operations/get-bucket-website.js";
import { getObject } from "./operations/get-object.js";
import { getObjectAcl } from "./operations/get-object-acl.js";
import { getObjectAttributes } from "./operations/get-object-attributes.js";
import { getObjectLegalHold } from "./operations/get-object-legal-hold.js";
import { getObjectLockConfiguration } from "./operations/get-object-lock-configuration.js";
import { getObjectRetention } from "./operations/get-object-retention.js";
import { getObjectTagging } from "./operations/get-object-tagging.js";
import { getPublicAccessBlock } from "./operations/get-public-access-block.js";
import { headBucket } from "./operations/head-bucket.js";
import { headObject } from "./operations/head-object.js";
import { listBuckets } from "./operations/list-buckets.js";
import { listMultipartUploads } from "./operations/list-multipart-uploads.js";
import { listObjectVersions } from "./operations/list-object-versions.js";
import { listObjects } from "./operations/list-objects.js";
import { listObjectsV2 } from "./operations/list-objects-v2.js";
import { listParts } from "./operations/list-parts.js";
import { putBucketAcl } from "./operations/put-bucket-acl.js";
import { putBucketCors } from "./operations/put-bucket-cors.js";
import { putBucketEncryption } from "./operations/put-bucket-encryption.js";
import { putBucketLifecycleConfiguration } from "./operations/put-bucket-lifecycle-configuration.js";
import { putBucketLogging } from "./operations/put-bucket-logging.js";
import { putBucketNotificationConfiguration } from "./operations/put-bucket-notification-configuration.js";
import { putBucketOwnershipControls } from "./operations/put-bucket-ownership-controls.js";
import { putBucketPolicy } from "./operations/put-bucket-policy.js";
import { putBucketRequestPayment } from "./operations/put-bucket-request-payment.js";
import { putBucketTagging } from "./operations/put-bucket-tagging.js";
import { putBucketVersioning } from "./operations/put-bucket-versioning.js";
import { putBucketWebsite } from "./operations/put-bucket-website.js";
import { putObject } from "./operations/put-object.js";
import { putObjectAcl } from "./operations/put-object-acl.js";
import { putObjectLegalHold } from "./operations/put-object-legal-hold.js";
import { putObjectLockConfiguration } from "./operations/put-object-lock-configuration.js";
import { putObjectRetention } from "./operations/put-object-retention.js";
import { putObjectTagging } from "./operations/put-object-tagging.js";
import { putPublicAccessBlock } from "./operations/put-public-access-block.js";
import { uploadPart } from "./operations/upload-part.js";
import { uploadPartCopy } from "./operations/upload-part-copy.js";
import type { Query } from "./query.js";
import type { Target } from "./target.js";

/**
 * Query parameters that name another operation than the plain one of the method. Those without a route below are not
 * implemented; treating them as the plain operation would do something else than was asked for.
 */
const subresources = new Set([
  ..."accelerate acl analytics attributes cors delete encryption intelligent-tiering inventory legal-hold".split(" "),
  ..."lifecycle location logging metadataConfiguration metadataInventoryTable metadataJournalTable metadataTable".split(
    " ",
  ),
  ..."metrics notification object-lock ownershipControls policy policyStatus publicAccessBlock renameObject".split(" "),
  ..."replication requestPayment restore retention select session tagging torrent uploadId uploads versioning".split(
    " ",
  ),
  ..."versions website abac append encryptionUpdate".split(" "),
  // MinIO's stream of notifications.
  "events",
]);

/** The only subresource that the query names, "" for none. */
function subresourceOf(query: Query): string {
  const named = query.names.filter((name) => subresources.has(name));
  if (named.length > 1) throw new S3Error("NotImplemented", { extra: { Header: named.join(", ") } });
  return named[0] ?? "";
}

/** Operations by "METHOD subresource". */
type Routes = Readonly<Record<string, Operation | ((query: Query, headers: RequestHeaders) => Operation)>>;

const serviceRoutes: Routes = { "GET ": listBuckets };

const bucketRoutes: Routes = {
  "PUT ": createBucket,
  "HEAD ": headBucket,
  "DELETE ": deleteBucket,
  "GET ": (query) => (query.get("list-type") === "2" ? listObjectsV2 : listObjects),
  "GET location": getBucketLocation,
  "GET versioning": getBucketVersioning,
  "GET uploads": listMultipartUploads,
  "GET versions": listObjectVersions,
  "POST delete": deleteObjects,
  "GET website": getBucketWebsite,
  "PUT website": putBucketWebsite,
  "DELETE website": deleteBucketWebsite,
  "GET logging": getBucketLogging,
  "PUT logging": putBucketLogging,
  "PUT versioning": putBucketVersioning,
  "GET object-lock": getObjectLockConfiguration,
  "PUT object-lock": putObjectLockConfiguration,
  "GET tagging": getBucketTagging,
  "PUT tagging": putBucketTagging,
  "DELETE tagging": deleteBucketTagging,
  "GET notification": getBucketNotificationConfiguration,
  "PUT notification": putBucketNotificationConfiguration,
  "GET cors": getBucketCors,
  "PUT cors": putBucketCors,
  "DELETE cors": deleteBucketCors,
  "GET lifecycle": getBucketLifecycleConfiguration,
  "PUT lifecycle": putBucketLifecycleConfiguration,
  "DELETE lifecycle": deleteBucketLifecycle,
  "GET policy": getBucketPolicy,
  "PUT policy": putBucketPolicy,
  "DELETE policy": deleteBucketPolicy,
  "GET policyStatus": getBucketPolicyStatus,
  "GET publicAccessBlock": getPublicAccessBlock,
  "PUT publicAccessBlock": putPublicAccessBlock,
  "DELETE publicAccessBlock": deletePublicAccessBlock,
  "GET ownershipControls": getBucketOwnershipControls,
  "PUT ownershipControls": putBucketOwnershipControls,
  "DELETE ownershipControls": deleteBucketOwnershipControls,
  "GET encryption": getBucketEncryption,
  "PUT encryption": putBucketEncryption,
  "DELETE encryption": deleteBucketEncryption,
  "GET requestPayment": getBucketRequestPayment,
  "PUT requestPayment": putBucketRequestPayment,
  "GET accelerate": getBucketAccelerateConfiguration,
  "GET acl": getBucketAcl,
  "PUT acl": putBucketAcl,
};

const objectRoutes: Routes = {
  "GET ": getObject,
  "HEAD ": headObject,
  "DELETE ": deleteObject,
  "PUT ": (_, headers) => (headers.has("x-amz-copy-source") ? copyObject : putObject),
  "POST uploads": createMultipartUpload,
  "PUT uploadId": (_, headers) => (headers.has("x-amz-copy-source") ? uploadPartCopy : uploadPart),
  "POST uploadId": completeMultipartUpload,
  "DELETE uploadId": abortMultipartUpload,
  "GET uploadId": listParts,
  "GET retention": getObjectRetention,
  "PUT retention": putObjectRetention,
  "GET legal-hold": getObjectLegalHold,
  "PUT legal-hold": putObjectLegalHold,
  "GET tagging": getObjectTagging,
  "PUT tagging": putObjectTagging,
  "DELETE tagging": deleteObjectTagging,
  "GET attributes": getObjectAttributes,
  "GET acl": getObjectAcl,
  "PUT acl": putObjectAcl,
};

const methods = ["GET", "HEAD", "PUT", "POST", "DELETE"];

/** Finds the operation of a request. Fails with NotImplemented or MethodNotAllowed. */
export function routeOf(method: string, target: Target, headers: RequestHeaders): Operation {
  if (!methods.includes(method)) throw new S3Error("MethodNotAllowed");
  const routes = target.bucket === "" ? serviceRoutes : target.key === undefined ? bucketRoutes : objectRoutes;
  const name = `${method} ${subresourceOf(target.query)}`;
  const route = Object.hasOwn(routes, name) ? routes[name] : undefined;
  if (route === undefined) {
    if (target.bucket === "" && method !== "GET") throw new S3Error("MethodNotAllowed");
    throw new S3Error("NotImplemented");
  }
  return typeof route === "function" ? route(target.query, headers) : route;
}
