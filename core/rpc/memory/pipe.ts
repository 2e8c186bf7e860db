import { PosternError } from "../../errors.js";

/** Bytes that wait for their reader before the sender waits. */
const windowBytes = 64 * 1024;

/** One direction of a call: encoded messages in order, bounded. */
export interface Pipe {
  /** Resolves when there is room for more. Rejects once the pipe has ended. */
  send(data: Uint8Array): Promise<void>;
  /** No more messages; what is queued is still handed out, then the error if there is one. */
  end(error?: PosternError): void;
  /** Gives the pipe up: queued messages are dropped, each side gets its error. */
  close(forReader: PosternError, forSender: PosternError): void;
  /** The reader wants no more: sends succeed and lead nowhere. */
  discard(): void;
  /** The next message, undefined at a clean end; rejects with the error of `end` or `close`. */
  receive(): Promise<Uint8Array | undefined>;
}

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

export function createPipe(): Pipe {
  const queue: Uint8Array[] = [];
  let queuedBytes = 0;
  let ended = false;
  let readError: PosternError | undefined;
  let sendError = new PosternError("failed-precondition", "sending is closed");
  let discarded = false;
  let reader: Waiter<Uint8Array | undefined> | undefined;
  let senders: Waiter<void>[] = [];

  function clear(): void {
    queue.length = 0;
    queuedBytes = 0;
  }

  function wakeReader(): void {
    const waiting = reader;
    reader = undefined;
    if (readError === undefined) waiting?.resolve(undefined);
    else waiting?.reject(readError);
  }

  function wakeSenders(wake: (sender: Waiter<void>) => void): void {
    const waiting = senders;
    senders = [];
    waiting.forEach(wake);
  }

  return {
    send(data) {
      if (ended) return Promise.reject(sendError);
      if (discarded) return Promise.resolve();
      if (reader !== undefined) {
        const { resolve } = reader;
        reader = undefined;
        resolve(data);
        return Promise.resolve();
      }
      queue.push(data);
      queuedBytes += data.length;
      if (queuedBytes < windowBytes) return Promise.resolve();
      return new Promise((resolve, reject) => {
        senders.push({ resolve, reject });
      });
    },
    end(error) {
      if (ended) return;
      ended = true;
      readError = error;
      wakeReader();
    },
    close(forReader, forSender) {
      // Whoever reads must not take what is left out for a clean end.
      if (!ended || queue.length > 0) readError = forReader;
      clear();
      ended = true;
      sendError = forSender;
      wakeReader();
      wakeSenders((sender) => sender.reject(forSender));
    },
    discard() {
      discarded = true;
      clear();
      wakeSenders((sender) => sender.resolve());
    },
    receive() {
      const data = queue.shift();
      if (data !== undefined) {
        queuedBytes -= data.length;
        if (queuedBytes < windowBytes) wakeSenders((sender) => sender.resolve());
        return Promise.resolve(data);
      }
      if (ended) return readError === undefined ? Promise.resolve(undefined) : Promise.reject(readError);
      return new Promise((resolve, reject) => {
        reader = { resolve, reject };
      });
    },
  };
}
