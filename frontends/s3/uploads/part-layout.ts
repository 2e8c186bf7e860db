import type { CustomMetadata } from "../../../core/index.js";

/** The parts that an object was uploaded in, in order. */
export type PartLayout = readonly { readonly partNumber: number; readonly size: number }[];

/**
 * Where the parts of a multipart upload begin is kept with the object's metadata, since nothing else tells a gateway:
 * runs of parts of the same size with consecutive numbers, "first:size*count", e.g. "1:5242880*3;4:1048576*1".
 */
export const layoutKey = "s3:parts";
/** Metadata have little room; layouts that do not fit are not kept. */
const maxText = 512;

/** Undefined when it does not fit. */
export function layoutText(parts: PartLayout): string | undefined {
  const runs: { first: number; size: number; count: number }[] = [];
  for (const { partNumber, size } of parts) {
    const last = runs.at(-1);
    if (last !== undefined && last.size === size && last.first + last.count === partNumber) last.count++;
    else runs.push({ first: partNumber, size, count: 1 });
  }
  const text = runs.map(({ first, size, count }) => `${first}:${size}*${count}`).join(";");
  return text.length > maxText ? undefined : text;
}

/** Undefined when there is none, or none that makes sense. */
export function layoutOf(custom: CustomMetadata): PartLayout | undefined {
  const text = custom[layoutKey];
  if (text === undefined || text.length > maxText) return undefined;
  const parts: { partNumber: number; size: number }[] = [];
  for (const run of text.split(";")) {
    const match = /^(\d{1,5}):(\d{1,13})\*(\d{1,5})$/.exec(run);
    if (match === null) return undefined;
    const [first, size, count] = match.slice(1).map(Number) as [number, number, number];
    if (parts.length + count > 10_000) return undefined;
    for (let i = 0; i < count; i++) parts.push({ partNumber: first + i, size });
  }
  return parts;
}
