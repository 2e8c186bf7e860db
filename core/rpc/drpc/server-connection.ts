import { utf8Text } from "../../bytes/bytes.js";
import { PosternError } from "../../errors.js";
import type { Routes } from "../handler.js";
import type { Metadata } from "../transport.js";
import { runCall } from "./call.js";
import type { Channel, ChannelEvents } from "./channel.js";
import type { DrpcConnectionOptions } from "./client-connection.js";
import { Kind } from "./frame.js";
import { createFrameWriter } from "./frame-writer.js";
import { decodeMetadata } from "./metadata.js";
import { createPacketReader, defaultMaxPacketBytes, type Packet } from "./packet.js";
import { defaultWindowBytes } from "./receive-queue.js";
import { DrpcStream, type StreamLink } from "./stream.js";

/** Paths and metadata of calls are short; Go's limit is that of any packet. */
const maxInvokeBytes = 64 * 1024;

export interface ServerConnectionOptions extends DrpcConnectionOptions {
  /** Hears of what handlers throw that is no PosternError: defects, of which the peer learns nothing. */
  onDefect?: (error: unknown, path: string) => void;
}

export interface ServerPeer {
  readonly peerChain: readonly Uint8Array[] | undefined;
  readonly peerAddress: string;
}

export interface ServerConnection {
  /** Takes no new calls; closes when the running one is over. */
  drain(): void;
  /** Cancels the running call and closes. */
  destroy(reason: PosternError): void;
  /** Resolves when the connection is gone and no handler runs any more. */
  readonly finished: Promise<void>;
}

interface Call {
  readonly stream: DrpcStream;
  readonly path: string;
  readonly metadata: Metadata;
}

/**
 * The serving side of a connection. Handlers run one after the other, as in Go: a caller that cancels can start its
 * next call at once, but that waits until the handler of the last has returned.
 */
export function createServerConnection(
  open: (events: ChannelEvents) => Channel,
  routes: Routes,
  peer: ServerPeer,
  options: ServerConnectionOptions = {},
  onCallEnded: () => void = () => {},
): ServerConnection {
  const maxPacketBytes = options.maxPacketBytes ?? defaultMaxPacketBytes;
  const reader = createPacketReader(maxPacketBytes);
  let metadata: { stream: number; values: Metadata } | undefined;
  // The newest call; its stream may be over while its handler still runs.
  let current: DrpcStream | undefined;
  let running = false;
  let next: Call | undefined;
  let draining = false;
  let gone = false;
  let finish = () => {};
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });

  const channel = open({
    data: (chunk) => reader.push(chunk, take),
    closed(error) {
      gone = true;
      next = undefined;
      current?.lost(new PosternError("canceled", "connection lost", { cause: error }));
      if (!running) finish();
    },
  });
  const link: StreamLink = {
    writer: createFrameWriter((data, onWritten) => channel.write(data, onWritten), {
      splitBytes: options.splitBytes,
      maxPacketBytes,
    }),
    channel,
    windowBytes: options.windowBytes ?? defaultWindowBytes,
    ended: () => {},
  };

  function take(packet: Packet): void {
    if (current !== undefined && packet.stream <= current.id) {
      // Those of older streams crossed with the end of their call.
      if (packet.stream === current.id) current.handle(packet);
    } else if (packet.kind === Kind.InvokeMetadata) {
      short(packet);
      leave();
      metadata = { stream: packet.stream, values: decodeMetadata(packet.data) };
    } else if (packet.kind === Kind.Invoke) {
      short(packet);
      leave();
      invoke(packet.stream, utf8Text(packet.data));
    } else if (!packet.control) {
      throw new PosternError("protocol-error", "packet of an unknown stream");
    }
  }

  function short(packet: Packet): void {
    if (packet.data.length > maxInvokeBytes) throw new PosternError("protocol-error", "invoke too large");
  }

  /** A newer call gives the older one up. */
  function leave(): void {
    // Nobody hears of it once the call is over, as it nearly always is: an error with its stack is not cheap.
    if (running) current?.abandon(new PosternError("canceled", "canceled by the peer's next call"));
    next = undefined;
  }

  function invoke(id: number, path: string): void {
    if (draining) {
      channel.end();
      return;
    }
    const stream = new DrpcStream(id, link);
    current = stream;
    const call: Call = { stream, path, metadata: metadata?.stream === id ? metadata.values : {} };
    metadata = undefined;
    if (running) next = call;
    else run(call);
  }

  function run(call: Call): void {
    running = true;
    const context = { ...peer, metadata: call.metadata };
    void runCall(routes, call.path, call.stream, context, options.onDefect).then(() => {
      running = false;
      if (!gone) onCallEnded();
      const waiting = next;
      next = undefined;
      if (gone) finish();
      else if (waiting !== undefined && !waiting.stream.givenUp) run(waiting);
      else if (draining) channel.end();
    });
  }

  return {
    finished,
    drain() {
      draining = true;
      next = undefined;
      if (!running) channel.end();
    },
    destroy(reason) {
      current?.abandon(reason);
      channel.destroy();
    },
  };
}
