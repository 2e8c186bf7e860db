import { type ErrorCode, errorCodes, PosternError, toPosternError } from "../errors.js";
import type {
  DecodeRequest,
  DecodeResult,
  EncodedSegment,
  EncodedUnit,
  PieceHashAlgorithm,
  SegmentLayout,
  ShareRun,
} from "./codec.js";
import type { DecoderState } from "./segment-decoder.js";

/** What the pool asks of a worker; `session` names an encoder or decoder. All but "close" are answered, in order. */
export type WorkerTask =
  | { kind: "encode"; session: number; plain: Uint8Array; open: EncoderStart | undefined }
  | { kind: "finish"; session: number }
  | {
      kind: "decode";
      session: number;
      layout: SegmentLayout;
      state: DecoderState;
      request: Omit<DecodeRequest, "runs">;
      runs: PackedRuns;
    }
  | { kind: "close"; session: number };

/** Comes with the first bytes of a segment. */
export interface EncoderStart {
  readonly layout: SegmentLayout;
  readonly hash: PieceHashAlgorithm;
}

/** Runs of one length behind one another in a buffer that can be transferred. */
export interface PackedRuns {
  readonly buffer: ArrayBuffer;
  readonly runLength: number;
  /** Their piece numbers; 0, 1, .. when absent. */
  readonly numbers?: readonly number[];
}

export interface FinishedSegment {
  readonly unit: PackedRuns;
  readonly segment: EncodedSegment;
}

export interface DecodedStripes {
  readonly result: DecodeResult;
  readonly state: DecoderState;
}

export type WorkerReply =
  | { call: number; value: PackedRuns | FinishedSegment | DecodedStripes }
  | { call: number; error: WorkerError };

/** A PosternError that crosses threads, where errors lose their class. */
export interface WorkerError {
  readonly code: ErrorCode;
  readonly message: string;
}

export function workerError(error: unknown): WorkerError {
  const { code, message } = toPosternError(error);
  return { code, message };
}

export function posternErrorOf({ code, message }: WorkerError): PosternError {
  return new PosternError(errorCodes.includes(code) ? code : "internal", message);
}

/** Takes the one buffer that an encoder made all the runs in. */
export function packUnit(unit: EncodedUnit): PackedRuns {
  const first = unit.runs[0]!;
  return { buffer: first.buffer as ArrayBuffer, runLength: first.length };
}

export function unpackUnit({ buffer, runLength }: PackedRuns, total: number): EncodedUnit {
  return { runs: Array.from({ length: total }, (_, i) => new Uint8Array(buffer, i * runLength, runLength)) };
}

/** Copies runs, which stay the caller's; they must have one length. */
export function packRuns(runs: readonly ShareRun[]): PackedRuns {
  const runLength = runs[0]?.data.length ?? 0;
  const packed = Buffer.allocUnsafeSlow(runs.length * runLength);
  for (const [i, run] of runs.entries()) packed.set(run.data, i * runLength);
  return { buffer: packed.buffer as ArrayBuffer, runLength, numbers: runs.map((run) => run.pieceNumber) };
}

export function unpackRuns({ buffer, runLength, numbers = [] }: PackedRuns): ShareRun[] {
  return numbers.map((pieceNumber, i) => ({
    pieceNumber,
    data: new Uint8Array(buffer, i * runLength, runLength),
  }));
}
