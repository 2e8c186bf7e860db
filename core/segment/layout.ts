import { type BlockParams, plainBlockSize } from "../crypto/blocks.js";
import { overheadOf } from "../crypto/cipher.js";
import { CipherSuite } from "../crypto/cipher-suite.js";
import { checkShareCounts } from "../erasure/share.js";
import { PosternError } from "../errors.js";
import type { SegmentLayout } from "./codec.js";

/** Bounds the memory that a stranger's layout can ask for. */
const maxBlockSize = 4 << 20;
const maxStripeShares = 16 << 20;

/** Sizes and parameters that follow from a layout. */
export interface LayoutSizes {
  readonly cipher: BlockParams;
  /** Bytes of a cipher block, plain and encrypted; 1 with the null cipher, which has none. */
  readonly plainBlock: number;
  readonly encryptedBlock: number;
  readonly shareSize: number;
  /** Bytes of the data shares of a stripe. */
  readonly stripe: number;
  readonly required: number;
  readonly total: number;
}

/** Checks a layout, which may have come from a satellite; `invalid-argument` when it can not be. */
export function layoutSizes(layout: SegmentLayout): LayoutSizes {
  const { cipherSuite, required, total, shareSize, encryptedBlockSize } = layout;
  checkShareCounts(required, total);
  if (!Number.isInteger(shareSize) || shareSize < 1 || total * shareSize > maxStripeShares) {
    throw new PosternError("invalid-argument", `share size ${shareSize} is out of range`);
  }
  if (encryptedBlockSize > maxBlockSize) {
    throw new PosternError("invalid-argument", `encrypted block size ${encryptedBlockSize} is out of range`);
  }
  if (layout.contentKey.length !== 32 || layout.startingNonce.length !== 24) {
    throw new PosternError("invalid-argument", "a content key has 32 bytes, a nonce 24");
  }
  const plainBlock = plainBlockSize(cipherSuite, encryptedBlockSize);
  return {
    cipher: { suite: cipherSuite, key: layout.contentKey, startingNonce: layout.startingNonce, encryptedBlockSize },
    plainBlock,
    encryptedBlock: plainBlock + overheadOf(cipherSuite),
    shareSize,
    stripe: required * shareSize,
    required,
    total,
  };
}

/** Whether wrong data shows by itself. */
export function authenticates(sizes: LayoutSizes): boolean {
  return sizes.cipher.suite !== CipherSuite.Null;
}

/**
 * A number of encrypted bytes that is a good unit: at least 256 KiB, which with the shares of it fits the cache, and more
 * where each piece would get less than 32 KiB of it, up to 2 MiB of shares in all. Whole cipher blocks, and where that is
 * not far away whole stripes too, so that nothing is left over.
 */
function unitBytes({ encryptedBlock, stripe, shareSize, required, total }: LayoutSizes): number {
  const wanted = Math.min(
    Math.max(256 << 10, required * (32 << 10)),
    Math.floor((2 << 20) / (total * shareSize)) * stripe,
  );
  const aligned = (stripe / greatestCommonDivisor(encryptedBlock, stripe)) * encryptedBlock;
  const grain = aligned <= 2 * wanted ? aligned : encryptedBlock;
  return Math.max(1, Math.floor(wanted / grain)) * grain;
}

/** `SegmentEncoder.unitSize`. */
export function unitPlainBytes(sizes: LayoutSizes): number {
  return (unitBytes(sizes) / sizes.encryptedBlock) * sizes.plainBlock;
}

/** `SegmentDecoder.unitStripes`. */
export function unitStripes(sizes: LayoutSizes): number {
  return Math.max(1, Math.floor(unitBytes(sizes) / sizes.stripe));
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
