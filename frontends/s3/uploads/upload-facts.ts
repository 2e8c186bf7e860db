import type { CustomMetadata } from "../../../core/index.js";
import { type Call, keyOf } from "../call.js";

/** Metadata that an upload was begun with. */
export type UploadFacts = { readonly custom: CustomMetadata };

/**
 * What uploads were begun with, remembered for those that this gateway began or has looked up: every part needs it.
 */
const known = new Map<string, UploadFacts>();
const mostKnown = 10_000;

export function rememberUpload(uploadId: string, custom: CustomMetadata): void {
  known.delete(uploadId);
  known.set(uploadId, { custom });
  if (known.size > mostKnown) known.delete(known.keys().next().value!);
}

/**
 * Fails with NoSuchUpload when there is no such upload of the call's key. Listings do not tell: Storj's satellite lists
 * uploads that were begun with retention or legal hold under other ids than it gave (storj/storj
 * satellite/internalpb/metainfo_sat.proto, StreamID).
 */
export async function uploadFacts(call: Call, uploadId: string): Promise<UploadFacts> {
  const found = known.get(uploadId);
  if (found !== undefined) return found;
  const custom = await call.project.uploadMetadata(call.bucket, keyOf(call), uploadId, { signal: call.signal });
  rememberUpload(uploadId, custom);
  return { custom };
}
