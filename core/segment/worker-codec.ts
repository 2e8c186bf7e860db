import { availableParallelism } from "node:os";
import { PosternError } from "../errors.js";
import type { SegmentCodec } from "./codec.js";
import { createWorkerDecoder } from "./worker-decoder.js";
import { createWorkerEncoder } from "./worker-encoder.js";
import { createWorkerPool } from "./worker-pool.js";

export interface WorkerCodecOptions {
  /** Worker threads; one less than there are processors when absent, at least 1 and at most 8. */
  threads?: number;
  /** Segments and requests up to so many bytes are done in the calling thread; 32 KiB when absent. */
  inlineBytes?: number;
}

/**
 * A codec in worker threads, which are started when they are needed. What is small is done in the calling thread, since
 * that costs less than sending it there and back. When a thread dies, calls on it reject with `internal`.
 */
export function createWorkerCodec(options: WorkerCodecOptions = {}): SegmentCodec {
  const threads = options.threads ?? Math.min(8, Math.max(1, availableParallelism() - 1));
  const inlineBytes = options.inlineBytes ?? 32 << 10;
  if (!Number.isInteger(threads) || threads < 1) {
    throw new PosternError("invalid-argument", `a codec needs at least one thread, not ${threads}`);
  }
  const pool = createWorkerPool(new URL("./codec-worker.js", import.meta.url), threads);
  return {
    encoder: (layout, hash) => createWorkerEncoder(pool, inlineBytes, layout, hash),
    decoder: (layout) => createWorkerDecoder(pool, inlineBytes, layout),
    close: () => pool.close(),
  };
}
