import type { CustomMetadata } from "../../../core/index.js";
import { type Call, keyOf } from "../call.js";
import { S3Error } from "../errors.js";

/** Metadata that an upload was begun with. */
export type UploadFacts = { readonly custom: CustomMetadata };

/**
 * What uploads were begun with, remembered for those that this gateway began or has looked up: every part needs it. A
 * look-up goes through the uploads of the key.
 */
const known = new Map<string, UploadFacts>();
const mostKnown = 10_000;

export function rememberUpload(uploadId: string, custom: CustomMetadata): void {
  known.delete(uploadId);
  known.set(uploadId, { custom });
  if (known.size > mostKnown) known.delete(known.keys().next().value!);
}

/** Fails with NoSuchUpload when there is no such upload of the call's key. */
export async function uploadFacts(call: Call, uploadId: string): Promise<UploadFacts> {
  const found = known.get(uploadId);
  if (found !== undefined) return found;
  const key = keyOf(call);
  const page = await call.project.listUploads(call.bucket, { prefix: key, limit: 1000, signal: call.signal });
  for (const entry of page.entries) {
    if (entry.kind !== "upload" || entry.upload.uploadId !== uploadId) continue;
    rememberUpload(uploadId, entry.upload.custom);
    return { custom: entry.upload.custom };
  }
  throw new S3Error("NoSuchUpload");
}
