import type { IncomingMessage, ServerResponse } from "node:http";
import { PosternError } from "../../core/index.js";

export interface BodyLimits {
  /** Longest wait for the next bytes, in ms. */
  readonly idleMs: number;
  /** What a client must keep up on average once `idleMs` of waiting is used up, in bytes a second. */
  readonly minBytesPerSecond: number;
  /** Bytes read ahead of the consumer. */
  readonly highWaterMark: number;
}

/** A minute of waiting, then 1 KiB a second. */
const defaultLimits: BodyLimits = { idleMs: 60_000, minBytesPerSecond: 1_024, highWaterMark: 256 * 1_024 };

const waitingForContinue = new WeakSet<IncomingMessage>();

/** Notes that the client waits for "100 Continue" before it sends the body (RFC 9110 section 10.1.1). */
export function markContinue(req: IncomingMessage): void {
  waitingForContinue.add(req);
}

/** Whether the client still waits for "100 Continue", and so has not sent its body. */
export function awaitsContinue(req: IncomingMessage): boolean {
  return waitingForContinue.has(req);
}

/**
 * The body of a request, to be read once. The first read tells a waiting client to go on. Rejects with
 * `deadline-exceeded` when the client is too slow and `canceled` when it has gone. Leaving early neither destroys the
 * connection (as Node's own iterator does) nor reads on: `settleBody` decides about the rest after the reply.
 */
export function readBody(
  req: IncomingMessage,
  res: ServerResponse,
  limits: BodyLimits = defaultLimits,
): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => createReader(req, res, limits) };
}

function createReader(req: IncomingMessage, res: ServerResponse, limits: BodyLimits): AsyncIterator<Uint8Array> {
  const queue: Uint8Array[] = [];
  let queued = 0;
  let received = 0;
  let waitedMs = 0;
  let started = false;
  let ended = false;
  let failure: PosternError | undefined;
  let wake: (() => void) | undefined;

  const onData = (chunk: Uint8Array): void => {
    queue.push(chunk);
    queued += chunk.length;
    received += chunk.length;
    if (queued >= limits.highWaterMark) req.pause();
    wake?.();
  };
  const onEnd = (): void => {
    ended = true;
    wake?.();
  };
  const onGone = (cause?: unknown): void => {
    if (!ended) failure ??= new PosternError("canceled", "the client closed the connection", { cause });
    wake?.();
  };

  const start = (): void => {
    started = true;
    if (waitingForContinue.delete(req)) res.writeContinue();
    req.on("data", onData).on("end", onEnd).on("error", onGone).on("close", onGone);
    if (req.destroyed) onGone();
    else if (req.readableEnded) onEnd();
  };
  const stop = (): void => {
    if (!started || ended) return;
    ended = true;
    req.pause();
    req.off("data", onData).off("end", onEnd);
    queue.length = 0;
  };
  const tooSlow = (): PosternError => new PosternError("deadline-exceeded", "the request body came too slowly");

  const wait = (): Promise<void> =>
    new Promise((resolve) => {
      const since = performance.now();
      const timer = setTimeout(() => {
        failure ??= tooSlow();
        wake?.();
      }, limits.idleMs);
      wake = () => {
        wake = undefined;
        clearTimeout(timer);
        waitedMs += performance.now() - since;
        if (waitedMs > limits.idleMs + (received / limits.minBytesPerSecond) * 1000) failure ??= tooSlow();
        resolve();
      };
    });

  const next = async (): Promise<IteratorResult<Uint8Array>> => {
    if (!started) start();
    for (;;) {
      const chunk = queue.shift();
      if (chunk !== undefined) {
        queued -= chunk.length;
        if (queued < limits.highWaterMark && req.isPaused()) req.resume();
        return { done: false, value: chunk };
      }
      if (failure !== undefined) throw failure;
      if (ended) return { done: true, value: undefined };
      await wait();
    }
  };
  return {
    next,
    return: async () => {
      stop();
      return { done: true, value: undefined };
    },
  };
}

/**
 * After the reply: a client that is still sending cannot be cut off, or it may never read the reply (the reset
 * overtakes it). What is left is thrown away, up to `maxBytes` and `maxMs`; then the connection goes.
 */
export function settleBody(
  req: IncomingMessage,
  limits: { readonly maxBytes: number; readonly maxMs: number } = { maxBytes: 2 ** 20, maxMs: 5_000 },
): void {
  if (req.complete || req.destroyed || waitingForContinue.has(req)) return;
  let left = limits.maxBytes;
  const giveUp = (): void => {
    req.socket.destroy();
  };
  const timer = setTimeout(giveUp, limits.maxMs);
  req.on("data", (chunk: Uint8Array) => {
    left -= chunk.length;
    if (left < 0) giveUp();
  });
  req.once("close", () => clearTimeout(timer));
  req.once("end", () => clearTimeout(timer));
  req.on("error", () => clearTimeout(timer));
  req.resume();
}

/** Reads a small body whole; `resource-exhausted` when it is larger than `maxBytes`. */
export async function gatherBody(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > maxBytes) throw new PosternError("resource-exhausted", `the body is larger than ${maxBytes} bytes`);
    parts.push(chunk);
  }
  return Buffer.concat(parts, size);
}

/**
 * Reads a body that is small or refused: undefined when it is longer than `maxBytes`, of which no more is read. Rejects
 * with `deadline-exceeded` when it is not there in time and `canceled` when the client has gone. For requests of which
 * there are thousands a second: `readBody` has flow control, which no body of that size needs.
 */
export function readSmallBody(
  req: IncomingMessage,
  res: ServerResponse,
  maxBytes: number,
  timeoutMs: number,
): Promise<Buffer | undefined> {
  if (Number(req.headers["content-length"] ?? 0) > maxBytes) return Promise.resolve(undefined);
  if (waitingForContinue.delete(req)) res.writeContinue();
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    const settle = (): void => {
      clearTimeout(timer);
      req.off("data", onData).off("end", onEnd).off("close", onGone).off("error", onGone);
      // Whoever writes the reply decides about the rest.
      if (!req.complete) req.pause();
    };
    const onData = (chunk: Buffer): void => {
      size += chunk.length;
      parts.push(chunk);
      if (size <= maxBytes) return;
      settle();
      resolve(undefined);
    };
    const onEnd = (): void => {
      settle();
      resolve(parts.length === 1 ? parts[0] : Buffer.concat(parts, size));
    };
    const onGone = (cause?: unknown): void => {
      settle();
      reject(new PosternError("canceled", "the client closed the connection", { cause }));
    };
    const timer = setTimeout(() => {
      settle();
      reject(new PosternError("deadline-exceeded", "the request body came too slowly"));
    }, timeoutMs);
    req.on("data", onData).on("end", onEnd).on("close", onGone).on("error", onGone);
    if (req.destroyed) onGone();
  });
}
