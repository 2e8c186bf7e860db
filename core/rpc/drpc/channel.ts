import type { Socket } from "node:net";

/** Bytes that a socket takes before it asks the sender to wait. */
export const socketBufferBytes = 64 * 1024;

/** The bytes of one connection, as the state machines see them. */
export interface Channel {
  /** Queues bytes; the caller leaves them alone until `onWritten`, which does not come when the connection breaks. */
  write(data: Uint8Array, onWritten?: () => void): void;
  /** Undefined when more can be written at once, else resolves when it can, or when the connection is gone. */
  drained(): Promise<void> | undefined;
  /** Stops and starts the flow of received bytes. */
  pause(): void;
  resume(): void;
  /** Sends what is queued, then closes. */
  end(): void;
  /** Closes at once. */
  destroy(error?: Error): void;
}

export interface ChannelEvents {
  /** Received bytes. What this throws closes the connection. */
  data(chunk: Uint8Array): void;
  /** The connection is gone, with the error if there was one. Once, and last. */
  closed(error: Error | undefined): void;
}

/** A socket (TCP or TLS, connected) as a channel. Takes the socket's events over. */
export function socketChannel(socket: Socket, events: ChannelEvents): Channel {
  let failure: Error | undefined;
  let waiting: { promise: Promise<void>; resolve: () => void } | undefined;

  function wake(): void {
    waiting?.resolve();
    waiting = undefined;
  }

  socket.on("drain", wake);
  socket.on("error", (error) => {
    failure ??= error;
  });
  socket.on("end", () => {
    // The peer is gone for good: DRPC never half-closes connections.
    socket.destroy();
  });
  socket.on("close", () => {
    wake();
    events.closed(failure);
  });
  socket.on("data", (chunk: Uint8Array) => {
    try {
      events.data(chunk);
    } catch (error) {
      failure ??= error instanceof Error ? error : new Error(String(error));
      socket.destroy();
    }
  });

  return {
    write(data, onWritten) {
      if (socket.destroyed) return;
      if (onWritten === undefined) socket.write(data);
      else {
        socket.write(data, (error) => {
          if (error == null) onWritten();
        });
      }
    },
    drained() {
      if (!socket.writableNeedDrain || socket.destroyed) return undefined;
      if (waiting === undefined) {
        let resolve = () => {};
        const promise = new Promise<void>((r) => {
          resolve = r;
        });
        waiting = { promise, resolve };
      }
      return waiting.promise;
    },
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    end() {
      socket.end();
      socket.resume(); // so that the peer's end is seen
    },
    destroy(error) {
      failure ??= error;
      socket.destroy();
    },
  };
}
