import { decryptBlocks } from "../crypto/blocks.js";
import { stripeCount } from "../erasure/scheme.js";
import { checkShares } from "../erasure/share.js";
import { isPosternError, PosternError } from "../errors.js";
import type { DecodeRequest, DecodeResult, SegmentLayout } from "./codec.js";
import { authenticates, type LayoutSizes, layoutSizes, unitStripes } from "./layout.js";
import { correctSpan, createRecovery } from "./recover-block.js";
import { createAssemble, type Span, selectRuns, sliceSpans } from "./share-window.js";

/** What passes from one call to the next. Plain data, so that it can be sent to another thread. */
export interface DecoderState {
  /** The stripe that must come next at the latest; undefined before the first call. */
  readonly nextStripe: number | undefined;
  /** Offset within the encrypted segment of the first block that was not returned. */
  readonly position: number;
  /** Copied shares of stripes before `nextStripe` in which that block begins. */
  readonly held: readonly Span[];
  /** Pieces that were corrupt before. */
  readonly distrusted: readonly number[];
}

export const initialDecoderState: DecoderState = { nextStripe: undefined, position: 0, held: [], distrusted: [] };

/** The synchronous heart of a SegmentDecoder. The state is the caller's, and stays what it was when `decode` throws. */
export interface SyncSegmentDecoder {
  readonly unitStripes: number;
  decode(state: DecoderState, request: DecodeRequest): { result: DecodeResult; state: DecoderState };
}

/** Encrypted bytes that are put together at once: they should stay in the processor's cache until they are decrypted. */
const stepBytes = 256 << 10;

/** @param recover whether to look for shares that are right when some are corrupt, which may take long */
export function createSegmentDecoder(layout: SegmentLayout, recover = true): SyncSegmentDecoder {
  const sizes = layoutSizes(layout);
  const { shareSize, stripe, required } = sizes;
  const assemble = createAssemble(sizes);

  /** Encrypted bytes from `start` to `end`. */
  function decodeEncrypted(span: Span, start: number, end: number): Uint8Array {
    const out = new Uint8Array(Math.max(0, end - start));
    const step = Math.max(1, Math.floor(stepBytes / stripe));
    const selected = selectRuns(span, new Set(), required);
    for (let first = Math.floor(start / stripe); first * stripe < end; first += step) {
      const bytes = assemble(sliceSpans([selected], first, first + step, shareSize));
      const from = Math.max(start, first * stripe);
      out.set(bytes.subarray(from - first * stripe, end - first * stripe), from - start);
    }
    return out;
  }

  /** Plain bytes of whole blocks from `position` to `end`. */
  function decodeBlocks(spans: readonly Span[], position: number, end: number, distrusted: Set<number>) {
    const { encryptedBlock, plainBlock, cipher } = sizes;
    const recovery = createRecovery(sizes, assemble);
    const lastBlock = end / encryptedBlock;
    const firstBlock = position / encryptedBlock;
    const out = new Uint8Array(Buffer.allocUnsafeSlow((lastBlock - firstBlock) * plainBlock).buffer);
    const corrupt = new Set<number>();
    const step = Math.max(1, Math.floor(stepBytes / encryptedBlock));

    /** Decrypts blocks in one go; returns false when some block does not authenticate. */
    function decrypt(encrypted: Uint8Array, block: number): boolean {
      try {
        decryptBlocks(encrypted, out.subarray((block - firstBlock) * plainBlock), cipher, block);
        return true;
      } catch (error) {
        if (isPosternError(error, "decryption-failed")) return false;
        throw error;
      }
    }

    for (let block = firstBlock; block < lastBlock; ) {
      const count = Math.min(step, lastBlock - block);
      const start = block * encryptedBlock;
      const firstStripe = Math.floor(start / stripe);
      const endStripe = Math.ceil((start + count * encryptedBlock) / stripe);
      const parts = sliceSpans(spans, firstStripe, endStripe, shareSize);
      const bytes = assemble(parts.map((part) => selectRuns(part, distrusted, required)));
      const at = start - firstStripe * stripe;
      const encrypted = bytes.subarray(at, at + count * encryptedBlock);
      if (decrypt(encrypted, block)) {
        block += count;
        continue;
      }
      let good = 0;
      while (decrypt(encrypted.subarray(good * encryptedBlock, (good + 1) * encryptedBlock), block + good)) good++;
      block += good;
      if (!recover) throw new PosternError("corrupt-data", `block ${block} does not authenticate`);
      const recovered = recovery.recover(spans, block, distrusted);
      out.set(recovered.plain, (block - firstBlock) * plainBlock);
      for (const piece of recovered.corrupt) {
        corrupt.add(piece);
        distrusted.add(piece);
      }
      block++;
    }
    return { plain: out, corrupt: [...corrupt] };
  }

  return {
    unitStripes: unitStripes(sizes),

    decode(state, request) {
      const { encryptedOnly = false, encryptedSize, firstStripe } = request;
      const given = checkRequest(request, state, sizes);
      const blockwise = authenticates(sizes) && !encryptedOnly;
      const blockSize = blockwise ? sizes.encryptedBlock : 1;
      if (encryptedSize % blockSize !== 0) {
        throw new PosternError("invalid-argument", "encrypted size is not a whole number of cipher blocks");
      }
      const distrusted = new Set(state.distrusted);
      const nextStripe = firstStripe + given.stripes;
      const available = Math.min(encryptedSize, nextStripe * stripe);

      if (!blockwise) {
        const correction = correctSpan(given, required);
        if (correction === undefined) throw new PosternError("corrupt-data", "shares are corrupt");
        const { span, corrupt } = correction;
        const start = state.nextStripe === undefined ? firstStripe * stripe : state.position;
        const position = Math.max(start, available);
        if (start < position && start < firstStripe * stripe) throw missingStripes();
        return {
          result: { plain: decodeEncrypted(span, start, available), corrupt },
          state: { nextStripe, position, held: [], distrusted: [...distrusted, ...corrupt] },
        };
      }

      const before = sliceSpans(state.held, 0, firstStripe, shareSize);
      const spans = [...before, given];
      const start =
        state.nextStripe === undefined
          ? Math.ceil((spans[0]!.firstStripe * stripe) / blockSize) * blockSize
          : state.position;
      const end = Math.max(start, Math.floor(available / blockSize) * blockSize);
      if (start < end && start < spans[0]!.firstStripe * stripe) throw missingStripes();
      const { plain, corrupt } = decodeBlocks(spans, start, end, distrusted);
      const held =
        end < encryptedSize ? copySpans(sliceSpans(spans, Math.floor(end / stripe), nextStripe, shareSize)) : [];
      return {
        result: { plain, corrupt },
        state: { nextStripe, position: end, held, distrusted: [...distrusted] },
      };
    },
  };
}

/** The stripes of a request; `invalid-argument` or `not-enough-shares` when it can not be. */
export function checkRequest(request: DecodeRequest, state: DecoderState, sizes: LayoutSizes): Span {
  const { runs, firstStripe, encryptedSize } = request;
  checkShares(
    runs.map(({ pieceNumber, data }) => ({ number: pieceNumber, data })),
    sizes.required,
    sizes.total,
  );
  const stripes = runs[0]!.data.length / sizes.shareSize;
  if (!Number.isInteger(stripes)) throw new PosternError("invalid-argument", "runs are not whole shares");
  if (!Number.isSafeInteger(encryptedSize) || encryptedSize < 0) {
    throw new PosternError("invalid-argument", `encrypted size ${encryptedSize} can not be`);
  }
  const last = stripeCount(encryptedSize, sizes.required, sizes.shareSize);
  if (!Number.isInteger(firstStripe) || firstStripe < 0 || firstStripe + stripes > last) {
    throw new PosternError("invalid-argument", `the segment has no stripes from ${firstStripe} on, ${stripes} of them`);
  }
  if (state.nextStripe !== undefined && firstStripe > state.nextStripe) {
    throw new PosternError("invalid-argument", `stripe ${state.nextStripe} must come next, not ${firstStripe}`);
  }
  return { firstStripe, stripes, runs };
}

function copySpans(spans: readonly Span[]): Span[] {
  return spans.map((span) => ({
    ...span,
    runs: span.runs.map(({ pieceNumber, data }) => ({ pieceNumber, data: data.slice() })),
  }));
}

/** Only when a decoder is asked for encrypted bytes and then for plain ones. */
function missingStripes(): PosternError {
  return new PosternError("invalid-argument", "stripes of a cipher block are missing");
}
