import { abortError, PosternError, toPosternError } from "../../errors.js";
import type { CallOptions, ClientStream, Connection, MethodDefinition, ServiceDefinition } from "../transport.js";
import { methodPath } from "../transport.js";
import { decodeResponse, encode, type MemoryCall, startCall } from "./call.js";
import type { MemoryServer } from "./transport.js";

/** Calls to a server of the same process; any number at a time. */
export function createMemoryConnection(server: MemoryServer): Connection {
  const calls = new Set<MemoryCall>();
  let closed = false;

  function start(service: ServiceDefinition, method: MethodDefinition, options: CallOptions): MemoryCall {
    if (closed || server.stopping) throw new PosternError("unavailable", "connection closed");
    const call = startCall(server, methodPath(service, method), options);
    calls.add(call);
    void call.finished.then(() => calls.delete(call));
    return call;
  }

  return {
    peerChain: undefined,
    get closed() {
      return closed || server.stopping;
    },
    async unary(service, method, request, options = {}) {
      if (options.signal?.aborted) throw abortError(options.signal);
      const call = start(service, method, options);
      try {
        const sent = call.requests.send(encode(method.requestType, request));
        sent.catch(() => {}); // The answer tells.
        call.requests.end();
        const response = await call.responses.receive();
        if (response === undefined) {
          throw new PosternError("protocol-error", "the peer ended the call without a response");
        }
        return decodeResponse(method, response);
      } catch (error) {
        call.cancel(toPosternError(error));
        throw error;
      } finally {
        call.unwatch();
      }
    },
    stream(service, method, options = {}) {
      return clientStream(start(service, method, options), method);
    },
    async close() {
      closed = true;
      for (const call of calls) call.cancel(new PosternError("unavailable", "connection closed"));
    },
  };
}

function clientStream<Req, Res>(call: MemoryCall, method: MethodDefinition<Req, Res>): ClientStream<Req, Res> {
  let over = false;
  /** The result is there: what the caller may still want to send is of no use. */
  function done(): undefined {
    over = true;
    call.unwatch();
    call.requests.end();
  }
  return {
    async send(message) {
      await call.requests.send(encode(method.requestType, message));
    },
    async closeSend() {
      call.requests.end();
    },
    async receive() {
      if (over) return undefined;
      try {
        const data = await call.responses.receive();
        if (data === undefined) return done();
        if (!method.responseStream) done();
        return decodeResponse(method, data);
      } catch (error) {
        call.cancel(toPosternError(error));
        throw error;
      }
    },
    cancel(reason) {
      const given = reason instanceof PosternError ? reason : undefined;
      call.cancel(given ?? new PosternError("canceled", "canceled", { cause: reason }));
    },
  };
}
