import type { Sharp, SharpOptions } from "sharp";

export interface ThumbnailLimits {
  readonly maxPixels: number;
  readonly timeoutSeconds: number;
}

type MakeSharp = (input: Uint8Array, options: SharpOptions) => Sharp;
let loaded: Promise<MakeSharp> | undefined;

/** libvips, once there is an image: it takes 15 MiB. */
async function load(): Promise<MakeSharp> {
  const { default: sharp } = await import("sharp");
  // One image is shrunk by one thread, and nothing of it is kept: there is a queue and a cache of our own.
  sharp.concurrency(1);
  sharp.cache(false);
  // libvips reads dozens of formats, some through libraries that were never made for strangers' files, and SVG with its
  // references: only what browsers show is let in.
  sharp.block({ operation: ["VipsForeignLoad"] });
  sharp.unblock({
    operation: ["Jpeg", "Png", "Webp", "Nsgif", "Heif"].map((format) => `VipsForeignLoad${format}Buffer`),
  });
  return sharp;
}

/** Twice the size of a tile, for screens with small dots. */
const width = 400;
const height = 300;

/** What part of the pixels images may have that are unpacked as a whole, in four bytes a pixel or so. */
const wholeShare = 1 / 3;

/** A WebP picture without the metadata of the image, such as where it was taken; undefined when it can not be made. */
export async function makeThumbnail(input: Uint8Array, limits: ThumbnailLimits): Promise<Uint8Array | undefined> {
  const { maxPixels, timeoutSeconds } = limits;
  loaded ??= load();
  const sharp = await loaded;
  try {
    const image = sharp(input, { limitInputPixels: maxPixels, sequentialRead: true, failOn: "error", pages: 1 });
    const { width: wide, height: high, format, isProgressive } = await image.metadata();
    // Those two are read line by line, unless they were written to appear little by little.
    const inLines = (format === "jpeg" || format === "png") && isProgressive !== true;
    if (!inLines && wide * high > maxPixels * wholeShare) return undefined;
    return await image
      .timeout({ seconds: timeoutSeconds })
      .rotate()
      .resize({ width, height, fit: "cover", withoutEnlargement: true })
      .webp({ quality: 72, effort: 2 })
      .toBuffer();
  } catch {
    // Whatever is wrong with a stranger's image, there is no picture of it.
    return undefined;
  }
}
