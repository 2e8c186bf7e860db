import type { Metadata, ServerDuplexStream } from "@grpc/grpc-js";
import { PosternError } from "../../errors.js";
import { callHandler, createCallContext, type HandlerStream, type Route } from "../handler.js";
import { RpcStatus, rpcError, statusOfError } from "../status.js";
import type { CallContext } from "../transport.js";
import { grpcStatusObject } from "./status.js";

/** gRPC's view of any method here: bytes both ways. */
export type RawCall = ServerDuplexStream<Buffer, Buffer>;

export interface RunningCall {
  /** When the handler has returned. */
  readonly finished: Promise<void>;
  /** Tells the handler; the connection is closed by whoever calls this. */
  abort(reason: PosternError): void;
}

/** Serves one call to its end. */
export function runGrpcCall(
  call: RawCall,
  path: string,
  route: Route,
  info: Pick<CallContext, "peerChain" | "peerAddress">,
  onDefect?: (error: unknown, path: string) => void,
): RunningCall {
  const { context, abort } = createCallContext({ ...info, metadata: textMetadata(call.metadata) });
  const stream = handlerStream(call, route);
  let running = true;
  call.on("cancelled", () => {
    const reason = new PosternError("canceled", "canceled by the peer");
    stream.fail(reason);
    if (running) abort(reason);
  });

  async function run(): Promise<void> {
    try {
      await callHandler(route, stream, context);
      call.end();
    } catch (error) {
      if (!(error instanceof PosternError)) onDefect?.(error, path);
      // This, not `destroy`, is how gRPC's stream takes the status to end with.
      if (!call.cancelled) call.emit("error", grpcStatusObject(statusOfError(error)));
    } finally {
      running = false;
      stream.discard();
    }
  }
  return {
    finished: run(),
    abort(reason) {
      stream.fail(reason);
      if (running) abort(reason);
    },
  };
}

/** Metadata as text; binary values are gRPC's own affair. */
function textMetadata(metadata: Metadata): Record<string, string> {
  const texts: Record<string, string> = Object.create(null);
  for (const [key, value] of Object.entries(metadata.getMap())) if (typeof value === "string") texts[key] = value;
  return texts;
}

function handlerStream(call: RawCall, { method }: Route): HandlerStream & { fail(error: PosternError): void } {
  let ended = false;
  let failure: PosternError | undefined;
  let wake = () => {};
  const senders = new Set<(error: PosternError) => void>();
  boundReadAhead(call);
  call.on("readable", () => wake());
  call.on("end", () => {
    // A call that is cancelled ends first and is told so some ticks later.
    setImmediate(() => {
      ended = true;
      wake();
    });
  });

  async function receiveRaw(): Promise<Buffer | undefined> {
    for (;;) {
      if (failure !== undefined) throw failure;
      const data: Buffer | null = call.read();
      if (data !== null) return data;
      if (ended) return undefined;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    async receive() {
      const data = await receiveRaw();
      if (data === undefined) return undefined;
      try {
        return method.requestType.decode(data);
      } catch (cause) {
        throw rpcError(RpcStatus.InvalidArgument, `malformed ${method.name} request`, cause);
      }
    },
    send(message, last) {
      if (failure !== undefined) return Promise.reject(failure);
      const data = method.responseType.encode(message).finish();
      const buffer = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
      if (last) {
        call.write(buffer);
        return Promise.resolve();
      }
      return new Promise((resolve, reject) => {
        senders.add(reject);
        call.write(buffer, (error: Error | null | undefined) => {
          senders.delete(reject);
          if (error) reject(new PosternError("canceled", "canceled by the peer", { cause: error }));
          else resolve();
        });
      });
    },
    discard() {
      call.removeAllListeners("readable");
      call.resume();
    },
    fail(error) {
      failure ??= error;
      wake();
      for (const reject of senders) reject(failure);
      senders.clear();
    },
  };
}

/** gRPC's stream reads sixteen messages ahead, however large; its constructor leaves no choice. */
function boundReadAhead(call: RawCall): void {
  const state = (call as unknown as { _readableState?: { highWaterMark: number } })._readableState;
  if (state !== undefined) state.highWaterMark = 1;
}
