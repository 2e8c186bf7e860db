import type { Operation } from "./call.js";
import { S3Error } from "./errors.js";
import type { RequestHeaders } from "./headers.js";
import { abortMultipartUpload } from "./operations/abort-multipart-upload.js";
import { completeMultipartUpload } from "./operations/complete-multipart-upload.js";
import { copyObject } from "./operations/copy-object.js";
import { createBucket } from "./operations/create-bucket.js";
import { createMultipartUpload } from "./operations/create-multipart-upload.js";
import { deleteBucket } from "./operations/delete-bucket.js";
import { deleteObject } from "./operations/delete-object.js";
import { deleteObjects } from "./operations/delete-objects.js";
import { getBucketLocation } from "./operations/get-bucket-location.js";
import { getBucketVersioning } from "./operations/get-bucket-versioning.js";
import { getObject } from "./operations/get-object.js";
import { headBucket } from "./operations/head-bucket.js";
import { headObject } from "./operations/head-object.js";
import { listBuckets } from "./operations/list-buckets.js";
import { listMultipartUploads } from "./operations/list-multipart-uploads.js";
import { listObjectVersions } from "./operations/list-object-versions.js";
import { listObjects } from "./operations/list-objects.js";
import { listObjectsV2 } from "./operations/list-objects-v2.js";
import { listParts } from "./operations/list-parts.js";
import { putObject } from "./operations/put-object.js";
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
