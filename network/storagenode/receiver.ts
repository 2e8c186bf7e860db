import { RpcStatus, rpcError } from "../../core/rpc/status.js";

/** Takes the messages of a caller one by one, and does not wait for ever. */
export interface Receiver<T> {
  /** The next message, or undefined after the last. */
  next(): Promise<T | undefined>;
  /** No more messages are wanted. */
  close(): void;
}

/** Fails with status 4 when the caller sends nothing for `timeoutMs` while it is waited for. */
export function createReceiver<T>(messages: AsyncIterable<T>, timeoutMs: number): Receiver<T> {
  const iterator = messages[Symbol.asyncIterator]();
  return {
    next() {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          reject(rpcError(RpcStatus.DeadlineExceeded, "timeout waiting for a message"));
        }, timeoutMs);
        iterator.next().then(
          (result) => {
            clearTimeout(timer);
            resolve(result.done ? undefined : result.value);
          },
          (error) => {
            clearTimeout(timer);
            reject(error);
          },
        );
      });
    },
    close() {
      // Not awaited: a generator that waits for its next message would let us wait too.
      iterator.return?.().catch(() => undefined);
    },
  };
}
