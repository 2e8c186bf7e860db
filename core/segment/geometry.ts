import { encompassingBlocks, plainBlockSize } from "../crypto/blocks.js";
import { CipherSuite } from "../crypto/cipher-suite.js";

/** What to read of a segment's pieces for a plain range, and what to cut from the decoded bytes. */
export interface StripeRange {
  readonly firstStripe: number;
  /** One after the last. */
  readonly endStripe: number;
  /** Plain bytes that the decoder gives before those asked for. */
  readonly skip: number;
}

/**
 * The stripes that hold a plain range, and no others: limits of DownloadObject cover exactly these.
 * Source: storj/uplink private/eestream/decode.go (Range), storj/common encryption (CalcEncompassingBlocks).
 */
export function stripesOf(
  range: { readonly start: number; readonly end: number },
  layout: { readonly cipherSuite: number; readonly encryptedBlockSize: number; required: number; shareSize: number },
): StripeRange {
  const plainBlock = plainBlockSize(layout.cipherSuite, layout.encryptedBlockSize);
  const encryptedBlock = layout.cipherSuite === CipherSuite.Null ? 1 : layout.encryptedBlockSize;
  const stripeSize = layout.required * layout.shareSize;
  const blocks = encompassingBlocks(range.start, range.end - range.start, plainBlock);
  const stripes = encompassingBlocks(
    blocks.firstBlock * encryptedBlock,
    blocks.blockCount * encryptedBlock,
    stripeSize,
  );
  // The decoder starts with the first whole block, which may come before the one asked for where stripes are larger.
  const firstWholeBlock = Math.ceil((stripes.firstBlock * stripeSize) / encryptedBlock);
  return {
    firstStripe: stripes.firstBlock,
    endStripe: stripes.firstBlock + stripes.blockCount,
    skip: range.start - firstWholeBlock * plainBlock,
  };
}
