import type { Channel } from "@grpc/grpc-js";
import { abortError, PosternError, toPosternError } from "../../errors.js";
import type { CallOptions, ClientStream, Connection, MethodDefinition, ServiceDefinition } from "../transport.js";
import { methodPath } from "../transport.js";
import { type GrpcCall, startGrpcCall } from "./client-call.js";

export interface GrpcConnection extends Connection {
  /** The channel is not connected any more: no new call may start. */
  lost(): void;
}

/** Calls on a connected channel; any number at a time. Closing it ends them. */
export function createGrpcConnection(channel: Channel, peerChain: readonly Uint8Array[] | undefined): GrpcConnection {
  const calls = new Set<GrpcCall>();
  let closed = false;

  function start(service: ServiceDefinition, method: MethodDefinition, options: CallOptions): GrpcCall {
    if (closed) throw new PosternError("unavailable", "connection closed");
    const call = startGrpcCall(channel, methodPath(service, method), options);
    calls.add(call);
    void call.ended.then(() => calls.delete(call));
    return call;
  }

  return {
    peerChain,
    get closed() {
      return closed;
    },
    lost() {
      closed = true;
    },
    async unary(service, method, request, options = {}) {
      if (options.signal?.aborted) throw abortError(options.signal);
      const call = start(service, method, options);
      try {
        const data = method.requestType.encode(request).finish();
        call.send(data).catch(() => {}); // The answer tells.
        call.closeSend();
        const response = await call.receive();
        if (response === undefined) {
          throw new PosternError("protocol-error", "the peer ended the call without a response");
        }
        const message = decode(method, response);
        if ((await call.receive()) !== undefined) throw new PosternError("protocol-error", "more than one response");
        return message;
      } catch (error) {
        call.cancel(toPosternError(error));
        throw error;
      }
    },
    stream(service, method, options = {}) {
      return clientStream(start(service, method, options), method);
    },
    async close() {
      closed = true;
      for (const call of calls) call.cancel(new PosternError("unavailable", "connection closed"));
      channel.close();
    },
  };
}

function clientStream<Req, Res>(call: GrpcCall, method: MethodDefinition<Req, Res>): ClientStream<Req, Res> {
  let over = false;
  return {
    async send(message) {
      if (over) throw new PosternError("failed-precondition", "the call is over");
      await call.send(method.requestType.encode(message).finish());
    },
    async closeSend() {
      call.closeSend();
    },
    async receive() {
      if (over) return undefined;
      try {
        const data = await call.receive();
        if (data === undefined) {
          over = true;
          return undefined;
        }
        const message = decode(method, data);
        if (!method.responseStream) {
          // The status decides whether the one response counts.
          if ((await call.receive()) !== undefined) throw new PosternError("protocol-error", "more than one response");
          over = true;
        }
        return message;
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

function decode<Req, Res>(method: MethodDefinition<Req, Res>, data: Uint8Array): Res {
  try {
    return method.responseType.decode(data);
  } catch (cause) {
    throw new PosternError("protocol-error", `malformed ${method.name} response`, { cause });
  }
}
