import { PosternError } from "../../errors.js";
import { rpcError } from "../status.js";
import type { MessageType } from "../transport.js";
import type { Channel } from "./channel.js";
import { noBody, wholeMessage, withEncoded } from "./encoded-message.js";
import { decodeErrorBody, encodeErrorBody } from "./error-body.js";
import { Kind } from "./frame.js";
import type { FrameWriter } from "./frame-writer.js";
import type { Packet } from "./packet.js";
import { ReceiveQueue } from "./receive-queue.js";

/** Characters of an error's text; the rest of a longer one is cut off. */
const maxErrorLength = 16 * 1024;

const ready: Promise<void> = Promise.resolve();

/** What a stream needs of its connection. */
export interface StreamLink {
  readonly writer: FrameWriter;
  readonly channel: Channel;
  readonly windowBytes: number;
  /** The stream is over: it writes nothing more and takes no more packets. Called once. */
  ended(stream: DrpcStream): void;
}

/** How a stream ended, for its users. */
type End = { readonly clean: true } | { readonly clean: false; readonly error: PosternError };

/**
 * One call on a connection, the same for both sides (storj/drpc drpcstream/stream.go).
 *
 * - Sending is open until closeSend, or until the stream is over.
 * - Receiving is open until the peer's CloseSend, Close or Error, or until the stream is over; what had come before
 *   is still handed out, unless this side gave the call up.
 * - The stream is over once both sides have closed sending, or on Close, Error or Cancel from either side, or when the
 *   connection breaks.
 */
export class DrpcStream {
  over = false;
  /** Called when the stream is over, once. */
  onOver: (() => void) | undefined;

  private lastMessage = 0;
  private sendEnd: PosternError | undefined;
  private receiveEnd: End | undefined;
  private abandoned: PosternError | undefined;
  private onAbandoned: ((error: PosternError) => void) | undefined;
  private readonly queue: ReceiveQueue;
  private senders: ((error: unknown) => void)[] = [];
  private waiter: { resolve: (data: Uint8Array | undefined) => void; reject: (error: unknown) => void } | undefined;

  constructor(
    readonly id: number,
    private readonly link: StreamLink,
  ) {
    this.queue = new ReceiveQueue(link.channel, link.windowBytes);
  }

  // ---- receiving

  /** The next message, or undefined at a clean end. One at a time. */
  receive(): Promise<Uint8Array | undefined> {
    if (!this.queue.empty) {
      const data = this.queue.shift();
      if (this.queue.empty) this.tellAbandoned();
      return Promise.resolve(data);
    }
    if (this.receiveEnd !== undefined) {
      return this.receiveEnd.clean ? Promise.resolve(undefined) : Promise.reject(this.receiveEnd.error);
    }
    if (this.waiter !== undefined) return Promise.reject(new PosternError("internal", "receive is pending already"));
    return new Promise((resolve, reject) => {
      this.waiter = { resolve, reject };
    });
  }

  /** Takes a packet of this stream. Throws `protocol-error` for what breaks the connection. */
  handle(packet: Packet): void {
    if (this.over) return;
    switch (packet.kind) {
      case Kind.Message:
        this.push(packet.data);
        break;
      case Kind.Error: {
        const { status, message } = decodeErrorBody(packet.data);
        this.finish({ clean: false, error: rpcError(status, message) });
        break;
      }
      case Kind.Cancel:
        this.abandon(new PosternError("canceled", "canceled by the peer"));
        break;
      case Kind.Close:
        this.finish({ clean: true });
        this.abandoned ??= new PosternError("canceled", "the peer closed the call");
        if (this.queue.empty) this.tellAbandoned();
        break;
      case Kind.CloseSend:
        this.endReceive({ clean: true });
        if (this.sendEnd !== undefined) this.finish({ clean: true });
        break;
      case Kind.Invoke:
        throw new PosternError("protocol-error", "invoke on existing stream");
      default:
        if (!packet.control) throw new PosternError("protocol-error", `unknown packet kind ${packet.kind}`);
    }
  }

  /** Messages that come from now on are dropped: the handler does not want them. */
  discard(): void {
    this.queue.clear();
    this.endReceive({ clean: true });
  }

  /** Calls `tell` once the peer has given the call up, or the connection is gone, and nothing is left to receive. */
  watchAbandoned(tell: ((error: PosternError) => void) | undefined): void {
    this.onAbandoned = tell;
    if (this.queue.empty) this.tellAbandoned();
  }

  /** The peer no longer wants a result, nor has it left requests to be read. */
  get givenUp(): boolean {
    return this.receiveEnd !== undefined && !this.receiveEnd.clean;
  }

  private push(data: Uint8Array): void {
    if (this.receiveEnd !== undefined) return;
    const { waiter } = this;
    if (waiter !== undefined) {
      this.waiter = undefined;
      waiter.resolve(data);
      return;
    }
    this.queue.push(data);
  }

  private endReceive(end: End): void {
    if (this.receiveEnd !== undefined) return;
    this.receiveEnd = end;
    const { waiter } = this;
    this.waiter = undefined;
    if (end.clean) waiter?.resolve(undefined);
    else waiter?.reject(end.error);
  }

  // ---- sending

  /** Why nothing can be sent any more. */
  get sendError(): PosternError | undefined {
    return this.sendEnd;
  }

  /** Writes one message; resolves when there is room for more. Rejects when the stream takes no more. */
  send<T>(type: MessageType<T>, message: T): Promise<void> {
    if (this.sendEnd !== undefined) return Promise.reject(this.sendEnd);
    try {
      this.add(type, message);
      this.link.writer.flush();
    } catch (error) {
      return Promise.reject(error);
    }
    return this.room();
  }

  /** As `send` of a message that closeSend follows: both leave in one write. */
  async sendLast<T>(type: MessageType<T>, message: T): Promise<void> {
    if (this.sendEnd !== undefined) throw this.sendEnd;
    this.add(type, message);
  }

  /** Adds a message to the next flush. */
  add<T>(type: MessageType<T>, message: T): void {
    withEncoded(type, message, (encoded) => {
      this.link.writer.packet(this.id, this.lastMessage + 1, Kind.Message, encoded);
    });
    this.lastMessage++;
  }

  /** Adds Invoke, or InvokeMetadata, to the next flush. */
  addRaw(kind: Kind, body: Uint8Array): void {
    this.link.writer.packet(this.id, ++this.lastMessage, kind, wholeMessage(body));
  }

  flush(): void {
    this.link.writer.flush();
  }

  /** As `drained`, but ends with the stream. */
  private room(): Promise<void> {
    const waiting = this.link.channel.drained();
    if (waiting === undefined) return ready;
    return new Promise((resolve, reject) => {
      this.senders.push(reject);
      void waiting.then(() => {
        this.senders = this.senders.filter((one) => one !== reject);
        resolve();
      });
    });
  }

  /** Resolves when the connection takes more, or is gone. */
  drained(): Promise<void> {
    return this.link.channel.drained() ?? ready;
  }

  /** No more messages from here. Nothing happens when sending is over already. */
  closeSend(): void {
    if (this.sendEnd !== undefined) return;
    this.sendEnd = sendClosed;
    this.addEmpty(Kind.CloseSend);
    if (this.receiveEnd !== undefined) this.finish({ clean: true });
  }

  /** Ends a call that has its result. */
  close(): void {
    if (this.over) return;
    this.addEmpty(Kind.Close);
    this.finish({ clean: true });
  }

  /** Ends the call with a status for the peer. */
  fail(status: number, message: string): void {
    if (this.over) return;
    this.addRaw(Kind.Error, encodeErrorBody(status, message.slice(0, maxErrorLength)));
    this.flush();
    this.finish({ clean: true });
  }

  /** Gives the call up and tells the peer; both sides keep the connection. */
  cancel(error: PosternError): void {
    if (this.over) return;
    this.addEmpty(Kind.Cancel, true);
    this.drop(error);
  }

  /** Gives the call up without telling: the connection is gone, or the peer has started another call. */
  drop(error: PosternError): void {
    const lost = !this.queue.empty;
    this.queue.clear();
    this.finish({ clean: false, error });
    // Whoever reads must not take what is left out for a clean end.
    if (lost) this.receiveEnd = { clean: false, error };
  }

  /** As `drop`, and tells the handler, even after the stream is over. */
  abandon(error: PosternError): void {
    this.abandoned ??= error;
    this.drop(error);
    this.tellAbandoned();
  }

  /** The connection is gone. A call that its peer has ended with Close is read to the end all the same. */
  lost(error: PosternError): void {
    if (!this.over) this.abandon(error);
  }

  private tellAbandoned(): void {
    if (this.abandoned === undefined) return;
    const tell = this.onAbandoned;
    this.onAbandoned = undefined;
    tell?.(this.abandoned);
  }

  private addEmpty(kind: Kind, control = false): void {
    this.link.writer.packet(this.id, ++this.lastMessage, kind, noBody(), control);
    this.flush();
  }

  private finish(end: End): void {
    const first = !this.over;
    this.over = true;
    this.endReceive(end);
    this.sendEnd ??= end.clean ? callOver : end.error;
    for (const reject of this.senders) reject(this.sendEnd);
    this.senders = [];
    this.queue.flow();
    if (!first) return;
    this.link.ended(this);
    this.onOver?.();
  }
}

// Shared, so without a useful stack: they tell a caller what it did itself.
const sendClosed = new PosternError("failed-precondition", "sending is closed");
const callOver = new PosternError("failed-precondition", "the call is over");
