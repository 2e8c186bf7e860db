import type {
  CallOptions,
  ClientStream,
  Connection,
  MethodDefinition,
  RequestOf,
  ResponseOf,
  ServiceDefinition,
} from "./transport.js";

/** What calls go through: a connection, or a pool with a target (`Pool.caller`). */
export type Caller = Pick<Connection, "unary" | "stream">;

type ClientMethod<M> = M extends { requestStream: false; responseStream: false }
  ? (request: RequestOf<M>, options?: CallOptions) => Promise<ResponseOf<M>>
  : M extends { requestStream: false; responseStream: true }
    ? (request: RequestOf<M>, options?: CallOptions) => AsyncIterable<ResponseOf<M>>
    : (options?: CallOptions) => ClientStream<RequestOf<M>, ResponseOf<M>>;

/** A service's methods under the names of its generated definition. */
export type Client<S extends ServiceDefinition> = { readonly [M in keyof S["methods"]]: ClientMethod<S["methods"][M]> };

/**
 * A typed client. Requests are whole messages (`Type.fromPartial({ … })` makes one): filling them in here would lose
 * the unknown fields of messages that are passed on, which signatures cover.
 * Methods that answer with a stream to one request give an AsyncIterable; leaving it early cancels the call.
 */
export function createClient<S extends ServiceDefinition>(definition: S, caller: Caller): Client<S> {
  const methods = Object.entries(definition.methods).map(([name, method]) => [name, call(definition, method, caller)]);
  return Object.fromEntries(methods) as Client<S>;
}

function call(service: ServiceDefinition, method: MethodDefinition, caller: Caller): unknown {
  if (method.requestStream) return (options?: CallOptions) => caller.stream(service, method, options);
  if (!method.responseStream) {
    return (request: unknown, options?: CallOptions) => caller.unary(service, method, request, options);
  }
  return (request: unknown, options?: CallOptions) => responses(caller, service, method, request, options);
}

async function* responses(
  caller: Caller,
  service: ServiceDefinition,
  method: MethodDefinition,
  request: unknown,
  options: CallOptions | undefined,
): AsyncGenerator<unknown> {
  const stream = caller.stream(service, method, options);
  try {
    await stream.send(request);
    await stream.closeSend();
    for (;;) {
      const response = await stream.receive();
      if (response === undefined) return;
      yield response;
    }
  } finally {
    stream.cancel(); // Nothing happens after the end.
  }
}
