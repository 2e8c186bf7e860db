import { PosternError } from "../../errors.js";
import { callHandler, createCallContext, type Route, type Routes, unknownRpc } from "../handler.js";
import { RpcStatus, rpcError, statusOfError } from "../status.js";
import type { CallContext } from "../transport.js";
import type { DrpcStream } from "./stream.js";

/** Serves one call to its end. Never rejects: what goes wrong is answered on the stream. */
export async function runCall(
  routes: Routes,
  path: string,
  stream: DrpcStream,
  info: Omit<CallContext, "signal">,
  onDefect?: (error: unknown, path: string) => void,
): Promise<void> {
  const { context, abort } = createCallContext(info);
  stream.watchAbandoned(abort);
  try {
    const route = routes.get(path);
    if (route === undefined) throw unknownRpc(path);
    await callHandler(route, handlerStream(route, stream), context);
    stream.discard();
    stream.closeSend();
  } catch (error) {
    if (!(error instanceof PosternError)) onDefect?.(error, path);
    const { status, message } = statusOfError(error);
    stream.discard();
    stream.fail(status, message);
  } finally {
    stream.watchAbandoned(undefined);
  }
  // A caller that starts calls and reads no answers gets no more of them.
  await stream.drained();
}

function handlerStream({ method }: Route, stream: DrpcStream) {
  return {
    async receive() {
      const data = await stream.receive();
      if (data === undefined) return undefined;
      try {
        return method.requestType.decode(data);
      } catch (cause) {
        throw rpcError(RpcStatus.InvalidArgument, `malformed ${method.name} request`, cause);
      }
    },
    send(message: unknown, last: boolean) {
      return last ? stream.sendLast(method.responseType, message) : stream.send(method.responseType, message);
    },
    discard: () => stream.discard(),
  };
}
