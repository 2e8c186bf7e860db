import { PosternError, toPosternError } from "../errors.js";
import type { Caller } from "./client.js";
import type { CallOptions, ClientStream, ConnectionSource, Lease, MethodDefinition, Target } from "./transport.js";

/** Calls through a pool: the time limit of a call covers the wait for its connection. */
export function pooledCaller(pool: ConnectionSource, target: Target): Caller {
  return {
    async unary(service, method, request, options = {}) {
      const started = performance.now();
      const lease = await acquire(pool, target, options);
      try {
        return await lease.connection.unary(service, method, request, rest(options, started));
      } finally {
        lease.release();
      }
    },
    stream(service, method, options = {}) {
      const started = performance.now();
      // Of the stream's own, so that `cancel` also ends the wait for a connection.
      const controller = new AbortController();
      const unlink = link(options.signal, controller);
      const own = { ...options, signal: controller.signal };
      const opening = acquire(pool, target, own).then((lease) => {
        try {
          return { lease, stream: lease.connection.stream(service, method, rest(own, started)) };
        } catch (error) {
          lease.release();
          throw error;
        }
      });
      return pooledStream(opening, method, controller, unlink);
    },
  };
}

async function acquire(pool: ConnectionSource, target: Target, { signal, timeoutMs }: CallOptions): Promise<Lease> {
  if (timeoutMs === undefined) return pool.acquire(target, { signal });
  const started = performance.now();
  try {
    return await pool.acquire(target, { signal, timeoutMs });
  } catch (cause) {
    // Timers count whole milliseconds, so one may be early by part of one.
    if (performance.now() - started < timeoutMs - 1) throw cause;
    throw new PosternError("deadline-exceeded", "deadline exceeded", { cause });
  }
}

function rest(options: CallOptions, started: number): CallOptions {
  if (options.timeoutMs === undefined) return options;
  return { ...options, timeoutMs: Math.max(0, options.timeoutMs - (performance.now() - started)) };
}

function link(signal: AbortSignal | undefined, controller: AbortController): () => void {
  if (signal === undefined) return () => {};
  const onAbort = () => controller.abort(signal.reason);
  if (signal.aborted) onAbort();
  signal.addEventListener("abort", onAbort);
  return () => signal.removeEventListener("abort", onAbort);
}

function pooledStream<Req, Res>(
  opening: Promise<{ lease: Lease; stream: ClientStream<Req, Res> }>,
  method: MethodDefinition<Req, Res>,
  controller: AbortController,
  unlink: () => void,
): ClientStream<Req, Res> {
  let open: ClientStream<Req, Res> | undefined;
  let lease: Lease | undefined;
  let ended = false;
  const opened = opening.then((result) => {
    open = result.stream;
    lease = result.lease;
    if (ended) lease.release();
    return open;
  });
  opened.catch(() => unlink()); // Each use of the stream tells.

  function end(): void {
    ended = true;
    unlink();
    lease?.release();
  }

  return {
    send: (message) => (open === undefined ? opened.then((stream) => stream.send(message)) : open.send(message)),
    closeSend: () => (open === undefined ? opened.then((stream) => stream.closeSend()) : open.closeSend()),
    async receive() {
      try {
        const message = await (open ?? (await opened)).receive();
        if (message === undefined || !method.responseStream) end();
        return message;
      } catch (error) {
        end();
        throw error;
      }
    },
    cancel(reason) {
      const error =
        reason === undefined ? new PosternError("canceled", "canceled") : toPosternError(reason, "canceled");
      if (open === undefined) controller.abort(error);
      else open.cancel(error);
      end();
    },
  };
}
