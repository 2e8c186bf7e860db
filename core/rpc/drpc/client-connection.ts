import { utf8 } from "../../bytes/bytes.js";
import { abortError, PosternError, toPosternError } from "../../errors.js";
import type { CallOptions, ClientStream, Connection, MethodDefinition, ServiceDefinition } from "../transport.js";
import { methodPath } from "../transport.js";
import type { Channel, ChannelEvents } from "./channel.js";
import { Kind } from "./frame.js";
import { createFrameWriter } from "./frame-writer.js";
import { encodeMetadata } from "./metadata.js";
import { createPacketReader, defaultMaxPacketBytes } from "./packet.js";
import { defaultWindowBytes } from "./receive-queue.js";
import { DrpcStream, type StreamLink } from "./stream.js";

export interface DrpcConnectionOptions {
  /** Largest packet taken and sent, bytes; 4 MiB when absent. */
  maxPacketBytes?: number;
  /** Frame data bytes; 68 KiB when absent. */
  splitBytes?: number;
  /** Bytes of received messages that wait for their reader before the connection stops reading; 256 KiB when absent. */
  windowBytes?: number;
  /** Milliseconds that the Cancel of a call may wait behind unsent data before the connection is closed; 2 000. */
  cancelGraceMs?: number;
}

/**
 * The calling side of a connection: one call at a time, stream ids from 1 (storj/drpc drpcmanager/manager.go).
 * A call that is started while another runs fails with `internal`: callers (the pool) keep to `callsPerConnection`.
 */
export function createClientConnection(
  open: (events: ChannelEvents) => Channel,
  peerChain: readonly Uint8Array[] | undefined,
  options: DrpcConnectionOptions = {},
): Connection {
  const maxPacketBytes = options.maxPacketBytes ?? defaultMaxPacketBytes;
  const cancelGraceMs = options.cancelGraceMs ?? 2_000;
  const reader = createPacketReader(maxPacketBytes);
  let current: DrpcStream | undefined;
  let lastId = 0;
  let broken: PosternError | undefined;
  const closedWaiters: (() => void)[] = [];

  const channel = open({
    data(chunk) {
      reader.push(chunk, (packet) => {
        if (current !== undefined && packet.stream === current.id) current.handle(packet);
        else if (packet.stream > lastId) throw new PosternError("protocol-error", "packet of an unknown stream");
        // Packets of older streams crossed with our Close or Cancel.
      });
    },
    closed(error) {
      broken ??= new PosternError("unavailable", "connection lost", { cause: error });
      current?.drop(broken);
      for (const wake of closedWaiters.splice(0)) wake();
    },
  });
  const writer = createFrameWriter((data, onWritten) => channel.write(data, onWritten), {
    splitBytes: options.splitBytes,
    maxPacketBytes,
  });
  const link: StreamLink = {
    writer,
    channel,
    windowBytes: options.windowBytes ?? defaultWindowBytes,
    ended(stream) {
      if (current === stream) current = undefined;
    },
  };

  /** Opens a stream, watches its signal and deadline, and adds its invoke to the next flush. */
  function start(service: ServiceDefinition, method: MethodDefinition, options: CallOptions): DrpcStream {
    if (broken !== undefined) throw broken;
    if (current !== undefined) throw new PosternError("internal", "the connection carries a call already");
    const stream = new DrpcStream(++lastId, link);
    current = stream;
    stream.onOver = watch(options, (error) => cancel(stream, error));
    try {
      const { metadata } = options;
      if (metadata !== undefined && Object.keys(metadata).length > 0) {
        stream.addRaw(Kind.InvokeMetadata, encodeMetadata(metadata));
      }
      stream.addRaw(Kind.Invoke, utf8(methodPath(service, method)));
    } catch (error) {
      stream.drop(toPosternError(error));
      throw error;
    }
    return stream;
  }

  function cancel(stream: DrpcStream, error: PosternError): void {
    if (stream.over) return;
    stream.cancel(error);
    const waiting = channel.drained();
    if (waiting === undefined) return;
    // The Cancel stands behind data that the peer does not take. Go closes the connection at once
    // (drpcmanager/manager.go manageStream, "busy"); a little patience keeps most connections.
    const timer = setTimeout(() => {
      if (current === undefined) channel.destroy(); // The next call has a deadline of its own.
    }, cancelGraceMs);
    void waiting.then(() => clearTimeout(timer));
  }

  return {
    peerChain,
    get closed() {
      return broken !== undefined;
    },
    async unary(service, method, request, options = {}) {
      if (options.signal?.aborted) throw abortError(options.signal);
      const stream = start(service, method, options);
      try {
        stream.add(method.requestType, request);
        stream.closeSend();
        const response = await stream.receive();
        if (response === undefined) {
          throw new PosternError("protocol-error", "the peer ended the call without a response");
        }
        stream.close();
        return decode(method, response);
      } catch (error) {
        cancel(stream, toPosternError(error));
        throw error;
      }
    },
    stream(service, method, options = {}) {
      return clientStream(start(service, method, options), method, options, cancel);
    },
    async close() {
      const error = new PosternError("unavailable", "connection closed");
      if (broken === undefined) {
        broken = error;
        const gone = new Promise<void>((resolve) => closedWaiters.push(resolve));
        if (current !== undefined) channel.destroy();
        else channel.end();
        const timer = setTimeout(() => channel.destroy(), cancelGraceMs);
        await gone;
        clearTimeout(timer);
      }
    },
  };
}

function decode<Req, Res>(method: MethodDefinition<Req, Res>, data: Uint8Array): Res {
  try {
    return method.responseType.decode(data);
  } catch (cause) {
    throw new PosternError("protocol-error", `malformed ${method.name} response`, { cause });
  }
}

/** Calls `onEnd` when the signal aborts or the time is over; gives what ends the watching. */
function watch({ signal, timeoutMs }: CallOptions, onEnd: (error: PosternError) => void): (() => void) | undefined {
  if (signal === undefined && timeoutMs === undefined) return undefined;
  const onAbort = () => onEnd(abortError(signal!));
  signal?.addEventListener("abort", onAbort);
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => onEnd(new PosternError("deadline-exceeded", "deadline exceeded")), timeoutMs);
  return () => {
    signal?.removeEventListener("abort", onAbort);
    clearTimeout(timer);
  };
}

function clientStream<Req, Res>(
  stream: DrpcStream,
  method: MethodDefinition<Req, Res>,
  options: CallOptions,
  cancel: (stream: DrpcStream, error: PosternError) => void,
): ClientStream<Req, Res> {
  // A peer that waits for the first word hears that there is a call even if this side says nothing yet.
  queueMicrotask(() => stream.flush());
  let received = false;
  if (options.signal?.aborted) cancel(stream, abortError(options.signal));

  /** The result is there: what the caller may still want to send is of no use. */
  function done(): undefined {
    stream.close();
  }

  return {
    send: (message) => stream.send(method.requestType, message),
    async closeSend() {
      if (stream.over && stream.sendError?.code !== "failed-precondition") throw stream.sendError;
      stream.closeSend();
    },
    async receive() {
      if (received && !method.responseStream) return done();
      try {
        const data = await stream.receive();
        if (data === undefined) return done();
        received = true;
        if (!method.responseStream) done();
        return decode(method, data);
      } catch (error) {
        cancel(stream, toPosternError(error));
        throw error;
      }
    },
    cancel(reason) {
      const given = reason instanceof PosternError ? reason : undefined;
      cancel(stream, given ?? new PosternError("canceled", "canceled", { cause: reason }));
    },
  };
}
