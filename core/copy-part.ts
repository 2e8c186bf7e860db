import type { CopyPartOptions, Key, ObjectSource, PartInfo } from "./api.js";
import type { ProjectContext } from "./context.js";
import { getObject } from "./download.js";
import { uploadPart } from "./multipart.js";

export async function copyPart(
  context: ProjectContext,
  bucket: string,
  key: Key,
  uploadId: string,
  partNumber: number,
  source: ObjectSource,
  { range, ...options }: CopyPartOptions = {},
): Promise<PartInfo> {
  const { version } = source;
  const download = await getObject(context, source.bucket, source.key, { range, version, signal: options.signal });
  try {
    return await uploadPart(context, bucket, key, uploadId, partNumber, download.body, options);
  } finally {
    download.close();
  }
}
