import type { ObjectInfo, Project } from "../../../core/index.js";
import { etagOf } from "../metadata.js";
import { layoutOf, type PartLayout } from "./part-layout.js";

/**
 * The parts of an object; undefined when it was stored whole. What other gateways completed, or has too many sizes of
 * parts for the metadata, is asked of the satellite.
 */
export async function findLayout(
  project: Project,
  bucket: string,
  info: ObjectInfo,
  signal: AbortSignal,
): Promise<PartLayout | undefined> {
  const kept = layoutOf(info.custom);
  if (kept !== undefined || !/-[1-9]\d*$/.test(etagOf(info) ?? "")) return kept;
  const parts = await project.objectParts(bucket, info.keyBytes, { version: info.version, signal });
  return parts.length === 1 && parts[0]?.partNumber === 0 ? undefined : parts;
}
