import { isPosternError } from "../errors.js";
import type { DecodeRequest, DecodeResult, SegmentDecoder, SegmentLayout } from "./codec.js";
import { type DecodedStripes, packRuns, type WorkerTask } from "./codec-protocol.js";
import { closedError } from "./inline-codec.js";
import { authenticates, layoutSizes, unitStripes } from "./layout.js";
import { checkRequest, createSegmentDecoder, initialDecoderState, type SyncSegmentDecoder } from "./segment-decoder.js";
import type { WorkerPool } from "./worker-pool.js";

/**
 * A decoder whose state is here and goes with each request to whichever thread has the least to do. Small requests are
 * decoded here, unless a share is corrupt: the search for the right ones may take long.
 */
export function createWorkerDecoder(pool: WorkerPool, inlineBytes: number, layout: SegmentLayout): SegmentDecoder {
  const sizes = layoutSizes(layout);
  const session = pool.newSession();
  let state = initialDecoderState;
  let here: SyncSegmentDecoder | undefined;
  let usedThreads = false;
  let closed = false;
  let last: Promise<unknown> = Promise.resolve();

  function decodeHere(request: DecodeRequest): DecodedStripes | undefined {
    const compares = (request.encryptedOnly || !authenticates(sizes)) && request.runs.length > sizes.required;
    if (compares || request.runs[0]!.data.length * sizes.required > inlineBytes) return undefined;
    here ??= createSegmentDecoder(layout, false);
    try {
      return here.decode(state, request);
    } catch (error) {
      if (isPosternError(error, "corrupt-data")) return undefined;
      throw error;
    }
  }

  async function decode(request: DecodeRequest): Promise<DecodeResult> {
    if (closed || pool.closed) throw closedError();
    checkRequest(request, state, sizes);
    let decoded = decodeHere(request);
    if (decoded === undefined) {
      const { runs, ...rest } = request;
      const packed = packRuns(runs);
      usedThreads = true;
      const task: WorkerTask = { kind: "decode", session, layout, state, request: rest, runs: packed };
      decoded = await pool.forTask().run<DecodedStripes>(task, [packed.buffer], () => closed);
    }
    state = decoded.state;
    return decoded.result;
  }

  return {
    unitStripes: unitStripes(sizes),
    decode(request) {
      const result = last.then(() => decode(request));
      last = result.catch(() => undefined);
      return result;
    },
    close() {
      if (closed) return;
      closed = true;
      if (usedThreads) pool.tell({ kind: "close", session });
    },
  };
}
