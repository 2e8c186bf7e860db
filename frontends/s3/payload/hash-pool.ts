import { Worker } from "node:worker_threads";
import { PosternError } from "../../../core/index.js";
import type { FromHashThread, ToHashThread } from "./hash-messages.js";
import { type HashAlgorithm, type Hashes, inlineHashes } from "./hashes.js";

/** Where bodies are hashed. */
export interface HashPool {
  /** Hashes for a body of that many bytes: short ones and all without threads on this thread. */
  open(algorithms: readonly HashAlgorithm[], length: number): Hashes;
  close(): Promise<void>;
}

/** Data crosses to a thread in blocks of this size, copied: its buffers belong to the body's consumer too. */
const blockBytes = 128 * 1024;
/** Blocks of one body that are on their way; then its reader waits. */
const blocksAhead = 4;
/** A shorter body is hashed sooner than it is handed over. */
const leastBytes = 512 * 1024;
const mostSpares = 64;

interface Thread {
  readonly worker: Worker;
  readonly jobs: Map<number, Job>;
}

interface Job {
  onBlock(): void;
  onDigests(digests: readonly Uint8Array[]): void;
  onFailure(error: unknown): void;
}

/**
 * MD5 is the slowest part of taking a body (1.5 ns a byte and more), and S3 wants it of every one. With threads it does
 * not keep the event loop from the network.
 */
export function createHashPool(size: number): HashPool {
  const threads: Thread[] = [];
  const spares: ArrayBuffer[] = [];
  let nextJob = 0;
  let closed = false;

  const start = (): Thread => {
    const worker = new Worker(new URL("./hash-thread.js", import.meta.url));
    const thread: Thread = { worker, jobs: new Map() };
    const fail = (error: unknown): void => {
      const at = threads.indexOf(thread);
      if (at >= 0) threads.splice(at, 1);
      for (const job of thread.jobs.values()) job.onFailure(error);
      thread.jobs.clear();
    };
    worker.on("message", (message: FromHashThread) => {
      const job = thread.jobs.get(message.job);
      if (message.kind === "block") {
        if (spares.length < mostSpares) spares.push(message.block);
        job?.onBlock();
      } else {
        release(thread, message.job);
        job?.onDigests(message.digests);
      }
    });
    worker.on("error", fail);
    worker.on("exit", () => fail(new PosternError("internal", "a hash thread ended")));
    worker.unref();
    threads.push(thread);
    return thread;
  };
  /** The thread with the least to do; threads start when they are first needed. */
  const choose = (): Thread => {
    const idlest = threads.reduce<Thread | undefined>(
      (best, thread) => (best === undefined || thread.jobs.size < best.jobs.size ? thread : best),
      undefined,
    );
    return idlest === undefined || (idlest.jobs.size > 0 && threads.length < size) ? start() : idlest;
  };

  return {
    open(algorithms, length) {
      if (size === 0 || closed || length < leastBytes || algorithms.length === 0) return inlineHashes(algorithms);
      return threadHashes(choose(), nextJob++, algorithms, () => spares.pop() ?? new ArrayBuffer(blockBytes));
    },
    async close() {
      closed = true;
      await Promise.all(threads.map(({ worker }) => worker.terminate()));
    },
  };
}

/** A thread keeps the process alive only while it has something to do. */
function release({ worker, jobs }: Thread, job: number): boolean {
  const found = jobs.delete(job);
  if (found && jobs.size === 0) worker.unref();
  return found;
}

function threadHashes(
  thread: Thread,
  job: number,
  algorithms: readonly HashAlgorithm[],
  takeBlock: () => ArrayBuffer,
): Hashes {
  const { worker, jobs } = thread;
  let block: Uint8Array<ArrayBuffer> | undefined;
  let filled = 0;
  let underWay = 0;
  let failure: unknown;
  let wake: (() => void) | undefined;
  let finish: ((digests: readonly Uint8Array[]) => void) | undefined;
  let giveUp: ((error: unknown) => void) | undefined;
  const tell = (message: ToHashThread, transfer: ArrayBuffer[] = []): void => worker.postMessage(message, transfer);

  worker.ref();
  jobs.set(job, {
    onBlock() {
      underWay--;
      wake?.();
    },
    onDigests: (digests) => finish?.(digests),
    onFailure(error) {
      failure = error;
      wake?.();
      giveUp?.(error);
    },
  });
  tell({ kind: "open", job, algorithms });

  const send = (): void => {
    if (block === undefined) return;
    underWay++;
    tell({ kind: "data", job, block: block.buffer, length: filled }, [block.buffer]);
    block = undefined;
    filled = 0;
  };
  const room = async (): Promise<void> => {
    while (underWay >= blocksAhead && failure === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (failure !== undefined) throw failure;
  };

  return {
    update(data) {
      for (let at = 0; at < data.length; ) {
        block ??= new Uint8Array(takeBlock());
        const part = data.subarray(at, at + block.length - filled);
        block.set(part, filled);
        filled += part.length;
        at += part.length;
        if (filled === block.length) send();
      }
      return underWay < blocksAhead && failure === undefined ? undefined : room();
    },
    async digest() {
      send();
      if (failure !== undefined) throw failure;
      const digests = await new Promise<readonly Uint8Array[]>((resolve, reject) => {
        finish = resolve;
        giveUp = reject;
        tell({ kind: "end", job });
      });
      return digests.map((digest) => Buffer.from(digest));
    },
    abandon() {
      if (release(thread, job)) tell({ kind: "abandon", job });
    },
  };
}
