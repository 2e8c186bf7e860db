import { PosternError } from "./errors.js";

/** Sizes and times of transfers. Everything is optional outside and complete inside: `fillTransferOptions`. */
export interface TransferOptions {
  /** Plain bytes of a segment, at most 64 MiB, which is what the real uplink uses; 67 108 864 when absent. */
  segmentSize?: number;
  /** Plain bytes that are kept at the satellite rather than at nodes, at most; 4 096 when absent, and no more. */
  inlineSize?: number;
  /** Hash over whole pieces. Nodes take both; SHA-256 is several times faster here. "sha256" when absent. */
  pieceHash?: "sha256" | "blake3";
  /** Plain bytes that an upload encodes ahead of its slowest node; 4 MiB when absent. */
  uploadWindowBytes?: number;
  /** Plain bytes that all uploads together keep, so that failed pieces can be sent again late; 64 MiB when absent. */
  replayBytes?: number;
  /** Plain bytes that a download may read ahead of its reader; 8 MiB when absent. */
  readAheadBytes?: number;
  /**
   * Bytes that all transfers of the uplink may buffer together, half of them for uploads and half for downloads;
   * 512 MiB when absent. Beside it are `replayBytes` and what sockets hold. Windows shrink when little is left, and
   * transfers wait when nothing is.
   */
  bufferBytes?: number;
  /** Milliseconds that a transfer waits for its share of `bufferBytes` until it fails; 60 000 when absent. */
  bufferWaitMs?: number;
  /** Milliseconds that a node may hold an upload back, in all, until it is dropped; 1 500 when absent. */
  slowNodeMs?: number;
  /** Milliseconds without progress until a download asks one more node; 500 when absent. */
  hedgeMs?: number;
  /** Milliseconds without progress until a node is given up; 30 000 when absent. */
  nodeStallMs?: number;
  /** Milliseconds to connect to a node or a satellite; 10 000 when absent. */
  dialTimeoutMs?: number;
  /** Milliseconds that a call to the satellite may take; 60 000 when absent. */
  satelliteTimeoutMs?: number;
}

export type FilledTransferOptions = Readonly<Required<TransferOptions>>;

const mib = 1024 * 1024;
const maximumSegmentSize = 64 * mib;
/** storj/uplink project.go, maxInlineSize. */
const maximumInlineSize = 4096;

const defaults: FilledTransferOptions = {
  segmentSize: maximumSegmentSize,
  inlineSize: maximumInlineSize,
  pieceHash: "sha256",
  uploadWindowBytes: 4 * mib,
  replayBytes: 64 * mib,
  readAheadBytes: 8 * mib,
  bufferBytes: 512 * mib,
  bufferWaitMs: 60_000,
  slowNodeMs: 1500,
  hedgeMs: 500,
  nodeStallMs: 30_000,
  dialTimeoutMs: 10_000,
  satelliteTimeoutMs: 60_000,
};

/** @throws PosternError invalid-argument naming the option */
export function fillTransferOptions(options: TransferOptions = {}): FilledTransferOptions {
  const filled = { ...defaults };
  for (const name of Object.keys(defaults) as (keyof TransferOptions)[]) {
    const value = options[name];
    if (value === undefined) continue;
    if (name === "pieceHash" ? value !== "sha256" && value !== "blake3" : !isPositive(value)) {
      throw new PosternError("invalid-argument", `option ${name} is invalid`);
    }
    Object.assign(filled, { [name]: value });
  }
  if (filled.inlineSize > maximumInlineSize) throw new PosternError("invalid-argument", "option inlineSize is invalid");
  if (filled.segmentSize > maximumSegmentSize || filled.segmentSize <= filled.inlineSize) {
    throw new PosternError("invalid-argument", "option segmentSize is invalid");
  }
  return filled;
}

function isPositive(value: unknown): boolean {
  return typeof value === "number" && Number.isSafeInteger(value) && value > 0;
}

/** Encrypted block size of new objects (storj/uplink project.go: 29 shares of 256 bytes). */
export const encryptedBlockSize = 7424;
