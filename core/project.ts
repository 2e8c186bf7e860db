import type { Project } from "./api.js";
import { createBucket, deleteBucket, headBucket, listBuckets } from "./bucket.js";
import type { ProjectContext } from "./context.js";
import { getObject } from "./download.js";
import { listObjects, listUploads } from "./list.js";
import { abortUpload, beginUpload, commitUpload, listParts, uploadPart } from "./multipart.js";
import { deleteObject, headObject } from "./object.js";
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
    deleteObject: (...args) => deleteObject(context, ...args),
    listObjects: (...args) => listObjects(context, ...args),
    beginUpload: (...args) => beginUpload(context, ...args),
    uploadPart: (...args) => uploadPart(context, ...args),
    commitUpload: (...args) => commitUpload(context, ...args),
    abortUpload: (...args) => abortUpload(context, ...args),
    listParts: (...args) => listParts(context, ...args),
    listUploads: (...args) => listUploads(context, ...args),
    close,
  };
}
