import { abortError, PosternError } from "../../errors.js";
import { callHandler, createCallContext, type HandlerStream, type Route, unknownRpc } from "../handler.js";
import { RpcStatus, rpcError, statusOfError } from "../status.js";
import type { CallOptions, MessageType, MethodDefinition } from "../transport.js";
import { createPipe, type Pipe } from "./pipe.js";
import type { MemoryServer } from "./transport.js";

export interface MemoryCall {
  readonly requests: Pipe;
  readonly responses: Pipe;
  /** When the handler has returned. */
  readonly finished: Promise<void>;
  /** Gives the call up. Nothing happens after its end. */
  cancel(error: PosternError): void;
  /** Stops watching the signal and the deadline. */
  unwatch(): void;
}

/** Starts a call's handler, on a later tick, and watches the caller's signal and deadline. */
export function startCall(server: MemoryServer, path: string, options: CallOptions): MemoryCall {
  const requests = createPipe();
  const responses = createPipe();
  const { context, abort } = createCallContext({
    metadata: { ...options.metadata },
    peerChain: server.options.peerChain,
    peerAddress: "memory",
  });

  function end(forCaller: PosternError, forHandler: PosternError): void {
    unwatch();
    requests.close(forHandler, forCaller);
    responses.close(forCaller, forHandler);
    abort(forHandler);
  }
  function cancel(error: PosternError): void {
    end(error, new PosternError("canceled", "canceled by the peer"));
  }

  const { signal, timeoutMs } = options;
  const onAbort = () => cancel(abortError(signal!));
  signal?.addEventListener("abort", onAbort);
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(() => cancel(new PosternError("deadline-exceeded", "deadline exceeded")), timeoutMs);
  function unwatch(): void {
    signal?.removeEventListener("abort", onAbort);
    clearTimeout(timer);
  }

  async function run(): Promise<void> {
    try {
      const route = server.routes.get(path);
      if (route === undefined) throw unknownRpc(path);
      await callHandler(route, handlerStream(route, requests, responses), context);
      responses.end();
      requests.discard();
    } catch (error) {
      if (!(error instanceof PosternError)) server.options.onDefect?.(error, path);
      const { status, message } = statusOfError(error);
      const answer = rpcError(status, message);
      responses.end(answer);
      requests.close(answer, answer);
    }
  }
  const finished = Promise.resolve().then(run);
  server.track({ finished, cancel: (reason) => end(new PosternError("unavailable", "connection lost"), reason) });
  if (signal?.aborted) onAbort();
  return { requests, responses, finished, cancel, unwatch };
}

function handlerStream({ method }: Route, requests: Pipe, responses: Pipe): HandlerStream {
  return {
    async receive() {
      const data = await requests.receive();
      if (data === undefined) return undefined;
      try {
        return method.requestType.decode(data);
      } catch (cause) {
        throw rpcError(RpcStatus.InvalidArgument, `malformed ${method.name} request`, cause);
      }
    },
    async send(message, last) {
      const room = responses.send(encode(method.responseType, message));
      if (!last) return room;
      room.catch(() => {}); // The handler is done: nobody waits for room after the last message.
    },
    discard: () => requests.discard(),
  };
}

/** As the other transports: what is too large for them shows here too. */
const maxMessageBytes = 4 << 20;

export function encode<T>(type: MessageType<T>, message: T): Uint8Array {
  const data = type.encode(message).finish();
  if (data.length <= maxMessageBytes) return data;
  throw new PosternError("invalid-argument", `message of ${data.length} bytes exceeds ${maxMessageBytes}`);
}

export function decodeResponse<Req, Res>(method: MethodDefinition<Req, Res>, data: Uint8Array): Res {
  try {
    return method.responseType.decode(data);
  } catch (cause) {
    throw new PosternError("protocol-error", `malformed ${method.name} response`, { cause });
  }
}
