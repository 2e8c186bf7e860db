import type { PosternError } from "../errors.js";
import { RpcStatus, rpcError } from "./status.js";
import { type BoundService, type CallContext, type MethodDefinition, methodPath } from "./transport.js";

/** A method as servers look it up. */
export interface Route {
  readonly method: MethodDefinition;
  readonly handler: BoundService["handlers"][string];
}

/** Routes by path ("/package.Service/Method"). */
export type Routes = ReadonlyMap<string, Route>;

export function routesOf(services: readonly BoundService[]): Routes {
  const routes = new Map<string, Route>();
  for (const { definition, handlers } of services) {
    for (const [name, method] of Object.entries(definition.methods)) {
      routes.set(methodPath(definition, method), { method, handler: handlers[name] });
    }
  }
  return routes;
}

/** Go's text for a path that nobody serves, with status 0 (storj/drpc drpcmux/handle_rpc.go). */
export function unknownRpc(path: string): PosternError {
  return rpcError(RpcStatus.Unknown, `protocol error: unknown rpc: ${JSON.stringify(path)}`);
}

/** The server's end of a call, with messages already decoded. */
export interface HandlerStream {
  /** The next request, or undefined after the last. */
  receive(): Promise<unknown>;
  /** Resolves when there is room for more. `last`: nothing follows, so what ends the call can go along. */
  send(message: unknown, last: boolean): Promise<void>;
  /** The handler wants no more requests. */
  discard(): void;
}

/** Runs the handler of a method of any shape. Rejects with what the call is to fail with. */
export async function callHandler(
  { method, handler }: Route,
  stream: HandlerStream,
  context: CallContext,
): Promise<void> {
  if (handler === undefined) throw rpcError(RpcStatus.Unimplemented, "Unimplemented");
  const input = method.requestStream ? requestsOf(stream) : await stream.receive();
  if (input === undefined) throw rpcError(RpcStatus.InvalidArgument, "the call has no request");
  if (method.responseStream) {
    // A failing send ends the loop, which closes the handler's generator.
    for await (const response of handler(input, context) as AsyncIterable<unknown>) await stream.send(response, false);
  } else {
    await stream.send(await handler(input, context), true);
  }
}

function requestsOf(stream: HandlerStream): AsyncIterableIterator<unknown> {
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const value = await stream.receive();
      return value === undefined ? { done: true, value } : { done: false, value };
    },
    async return() {
      stream.discard();
      return { done: true, value: undefined };
    },
  };
}

/** A context whose signal exists only for handlers that ask for it. */
export function createCallContext(info: Omit<CallContext, "signal">): {
  context: CallContext;
  abort: (reason: PosternError) => void;
} {
  let controller: AbortController | undefined;
  let aborted: PosternError | undefined;
  return {
    context: {
      ...info,
      get signal() {
        if (controller === undefined) {
          controller = new AbortController();
          if (aborted !== undefined) controller.abort(aborted);
        }
        return controller.signal;
      },
    },
    abort(reason) {
      aborted ??= reason;
      controller?.abort(aborted);
    },
  };
}
