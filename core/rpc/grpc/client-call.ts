import { type Channel, status as GrpcStatus, Metadata, type StatusObject } from "@grpc/grpc-js";
import { abortError, PosternError } from "../../errors.js";
import type { CallOptions } from "../transport.js";
import { errorOfGrpcStatus } from "./status.js";

/** The caller's end of a call, with messages as bytes. */
export interface GrpcCall {
  /** Resolves when gRPC is ready for more. */
  send(data: Uint8Array): Promise<void>;
  closeSend(): void;
  /** The next message, or undefined after the last; one at a time. */
  receive(): Promise<Uint8Array | undefined>;
  /** Nothing happens after the end. */
  cancel(error: PosternError): void;
  /** Resolves when the call is over. */
  readonly ended: Promise<void>;
}

interface Waiter<T> {
  resolve(value: T): void;
  reject(error: unknown): void;
}

/**
 * A call on a channel, below gRPC's own stream classes: those read ahead sixteen messages of any size, and hand an
 * error out before the messages that came before it.
 */
export function startGrpcCall(channel: Channel, path: string, options: CallOptions): GrpcCall {
  const { signal, timeoutMs } = options;
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(options.metadata ?? {})) metadata.set(key, value);

  // Undefined while the call runs; then how it ended.
  let end: { error: PosternError | undefined } | undefined;
  let given: PosternError | undefined;
  let sendClosed = false;
  let reader: Waiter<Uint8Array | undefined> | undefined;
  const senders = new Set<Waiter<void>>();
  let tellEnded = () => {};
  const ended = new Promise<void>((resolve) => {
    tellEnded = resolve;
  });

  function finish(status: StatusObject): void {
    if (end !== undefined) return;
    end = { error: given ?? (status.code === GrpcStatus.OK ? undefined : errorOfGrpcStatus(status)) };
    signal?.removeEventListener("abort", onAbort);
    if (end.error === undefined) reader?.resolve(undefined);
    else reader?.reject(end.error);
    reader = undefined;
    for (const sender of senders) sender.reject(sendError());
    senders.clear();
    tellEnded();
  }

  function sendError(): PosternError {
    return end?.error ?? new PosternError("failed-precondition", end ? "the call is over" : "sending is closed");
  }

  const deadline = timeoutMs === undefined ? Number.POSITIVE_INFINITY : Date.now() + timeoutMs;
  const call = channel.createCall(path, deadline, null, null, null);
  call.start(metadata, {
    onReceiveMetadata: () => {},
    onReceiveMessage(message: Buffer) {
      reader?.resolve(message);
      reader = undefined;
    },
    onReceiveStatus: finish,
  });

  function cancel(error: PosternError): void {
    if (end !== undefined || given !== undefined) return;
    given = error;
    call.cancelWithStatus(GrpcStatus.CANCELLED, "canceled");
    // The status that cancelling gives may come after one that is under way; the caller is to know now.
    finish({ code: GrpcStatus.CANCELLED, details: "", metadata });
  }
  const onAbort = () => cancel(abortError(signal!));
  signal?.addEventListener("abort", onAbort);
  if (signal?.aborted) onAbort();

  return {
    ended,
    cancel,
    send(data) {
      if (end !== undefined || sendClosed) return Promise.reject(sendError());
      return new Promise((resolve, reject) => {
        const sender = { resolve, reject };
        senders.add(sender);
        const callback = () => {
          if (senders.delete(sender)) resolve();
        };
        call.sendMessageWithContext({ callback }, Buffer.from(data.buffer, data.byteOffset, data.byteLength));
      });
    },
    closeSend() {
      if (end !== undefined || sendClosed) return;
      sendClosed = true;
      call.halfClose();
    },
    receive() {
      if (end !== undefined) return end.error === undefined ? Promise.resolve(undefined) : Promise.reject(end.error);
      if (reader !== undefined) return Promise.reject(new PosternError("internal", "receive is pending already"));
      return new Promise((resolve, reject) => {
        reader = { resolve, reject };
        call.startRead();
      });
    },
  };
}
