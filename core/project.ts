import type { Project } from "./api.js";
import { createBucket, deleteBucket, headBucket, listBuckets } from "./bucket.js";
import {
  getBucketLocation,
  getBucketNotifications,
  getBucketTags,
  getBucketVersioning,
  setBucketNotifications,
  setBucketTags,
  setBucketVersioning,
} from "./bucket-settings.js";
import type { ProjectContext } from "./context.js";
import { copyObject, moveObject } from "./copy.js";
import { copyPart } from "./copy-part.js";
import { deleteObject, deleteObjects } from "./delete.js";
import { getObject } from "./download.js";
import { listObjects, listUploads, listVersions } from "./list.js";
import { walkObjects } from "./list-all.js";
import {
  getLegalHold,
  getObjectLockConfiguration,
  getRetention,
  setLegalHold,
  setObjectLockConfiguration,
  setRetention,
} from "./lock.js";
import { abortUpload, beginUpload, commitUpload, listParts, uploadMetadata, uploadPart } from "./multipart.js";
import { headObject, objectPlacement } from "./object.js";
import { objectParts } from "./object-parts.js";
import { projectInfo, revokeAccess } from "./project-info.js";
import { updateMetadata } from "./update-metadata.js";
import { putObject } from "./upload.js";

/** The operations of a project over what they share. `close` is the caller's. */
export function createProject(context: ProjectContext, close: () => Promise<void>): Project {
  return {
    createBucket: (...args) => createBucket(context, ...args),
    headBucket: (...args) => headBucket(context, ...args),
    listBuckets: (...args) => listBuckets(context, ...args),
    deleteBucket: (...args) => deleteBucket(context, ...args),
    putObject: (...args) => putObject(context, ...args),
    getObject: (...args) => getObject(context, ...args),
    headObject: (...args) => headObject(context, ...args),
    objectParts: (...args) => objectParts(context, ...args),
    deleteObject: (...args) => deleteObject(context, ...args),
    listObjects: (...args) => listObjects(context, ...args),
    beginUpload: (...args) => beginUpload(context, ...args),
    uploadPart: (...args) => uploadPart(context, ...args),
    commitUpload: (...args) => commitUpload(context, ...args),
    abortUpload: (...args) => abortUpload(context, ...args),
    uploadMetadata: (...args) => uploadMetadata(context, ...args),
    listParts: (...args) => listParts(context, ...args),
    walkObjects: (...args) => walkObjects(context, ...args),
    listUploads: (...args) => listUploads(context, ...args),
    getBucketLocation: (...args) => getBucketLocation(context, ...args),
    getBucketVersioning: (...args) => getBucketVersioning(context, ...args),
    setBucketVersioning: (...args) => setBucketVersioning(context, ...args),
    getBucketTags: (...args) => getBucketTags(context, ...args),
    setBucketTags: (...args) => setBucketTags(context, ...args),
    getObjectLockConfiguration: (...args) => getObjectLockConfiguration(context, ...args),
    setObjectLockConfiguration: (...args) => setObjectLockConfiguration(context, ...args),
    getBucketNotifications: (...args) => getBucketNotifications(context, ...args),
    setBucketNotifications: (...args) => setBucketNotifications(context, ...args),
    deleteObjects: (...args) => deleteObjects(context, ...args),
    listVersions: (...args) => listVersions(context, ...args),
    copyObject: (...args) => copyObject(context, ...args),
    moveObject: (...args) => moveObject(context, ...args),
    updateMetadata: (...args) => updateMetadata(context, ...args),
    getRetention: (...args) => getRetention(context, ...args),
    setRetention: (...args) => setRetention(context, ...args),
    getLegalHold: (...args) => getLegalHold(context, ...args),
    setLegalHold: (...args) => setLegalHold(context, ...args),
    objectPlacement: (...args) => objectPlacement(context, ...args),
    copyPart: (...args) => copyPart(context, ...args),
    projectInfo: (...args) => projectInfo(context, ...args),
    revokeAccess: (...args) => revokeAccess(context, ...args),
    close,
  };
}
