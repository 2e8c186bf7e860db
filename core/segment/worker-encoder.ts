import { concatBytes } from "../bytes/bytes.js";
import type { PosternError } from "../errors.js";
import type { EncodedUnit, PieceHashAlgorithm, SegmentEncoder, SegmentLayout } from "./codec.js";
import {
  type EncoderStart,
  type FinishedSegment,
  type PackedRuns,
  unpackUnit,
  type WorkerTask,
} from "./codec-protocol.js";
import { closedError } from "./inline-codec.js";
import { layoutSizes, unitPlainBytes } from "./layout.js";
import { createSegmentEncoder, finishedError } from "./segment-encoder.js";
import type { Seat, WorkerPool } from "./worker-pool.js";

/**
 * An encoder that stays with one thread, for the state of the hashes is there. The first bytes are held back until it is
 * clear that the segment is not small: a small one never leaves this thread.
 */
export function createWorkerEncoder(
  pool: WorkerPool,
  inlineBytes: number,
  layout: SegmentLayout,
  hash: PieceHashAlgorithm,
): SegmentEncoder {
  const sizes = layoutSizes(layout);
  const { total } = sizes;
  const session = pool.newSession();
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let seat: Seat | undefined;
  let finished = false;
  let closed = false;
  let failure: PosternError | undefined;

  async function run<T>(lane: Seat["lane"], task: WorkerTask, transfer: readonly ArrayBuffer[]): Promise<T> {
    try {
      return await lane.run<T>(task, transfer, () => closed);
    } catch (error) {
      failure ??= error as PosternError;
      throw error;
    }
  }

  function check(): void {
    if (closed || pool.closed) throw closedError();
    if (finished) throw finishedError();
    if (failure !== undefined) throw failure;
  }

  return {
    unitSize: unitPlainBytes(sizes),

    async encode(plain) {
      check();
      let open: EncoderStart | undefined;
      if (seat === undefined) {
        held.push(plain);
        heldBytes += plain.length;
        if (heldBytes <= inlineBytes) return emptyUnit(total);
        seat = pool.forEncoder();
        seat.encoders++;
        open = { layout, hash };
        plain = held.length === 1 ? plain : concatBytes(...held);
        held = [];
      }
      const own = ownBuffer(plain);
      const task: WorkerTask = { kind: "encode", session, plain: own, open };
      return unpackUnit(await run<PackedRuns>(seat.lane, task, [own.buffer]), total);
    },

    async finish() {
      check();
      finished = true;
      if (seat === undefined) {
        const plain = concatBytes(...held);
        held = [];
        return createSegmentEncoder(layout, hash).finish(plain);
      }
      const { unit, segment } = await run<FinishedSegment>(seat.lane, { kind: "finish", session }, []);
      return { unit: unpackUnit(unit, total), segment };
    },

    close() {
      if (closed) return;
      closed = true;
      held = [];
      if (seat === undefined) return;
      seat.encoders--;
      seat.lane.tell({ kind: "close", session });
    },
  };
}

function emptyUnit(total: number): EncodedUnit {
  return { runs: Array.from({ length: total }, () => new Uint8Array(0)) };
}

/** The bytes in a buffer that may be transferred: their own, unless that holds other bytes too. */
function ownBuffer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === bytes.length) return new Uint8Array(buffer);
  return new Uint8Array(bytes);
}
