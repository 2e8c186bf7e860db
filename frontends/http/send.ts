import type { ServerResponse } from "node:http";
import { PosternError } from "../../core/index.js";

export interface SendLimits {
  /** Longest time in which a client takes nothing while there is something for it, in ms; then it is cut off. */
  readonly idleMs: number;
  /** Bytes to keep for the client before waiting for it. */
  readonly highWaterMark: number;
}

/**
 * Writes a stream as the reply's body and ends the reply. Rejects with `canceled` when the client has gone or stopped
 * reading; the source is closed in every case. On any error the caller destroys the reply: a body cut short is the
 * only way left to tell of it.
 */
export async function sendStream(
  res: ServerResponse,
  body: AsyncIterable<Uint8Array>,
  limits: SendLimits = { idleMs: 60_000, highWaterMark: 256 * 1_024 },
): Promise<void> {
  for await (const chunk of body) {
    if (res.destroyed) throw gone();
    if (!res.write(chunk) && res.writableLength > limits.highWaterMark) {
      await until(res, "drain", limits.idleMs);
      res.socket?.setTimeout(0);
    }
  }
  if (res.destroyed) throw gone();
  // Once finished, Node itself sets the socket's time to that of keep-alive.
  res.end();
  await until(res, "finish", limits.idleMs);
}

/**
 * Waits for the event with the socket's own idle timer, which sees progress inside one large write. On time-out Node's
 * HTTP server destroys the socket, and so the reply closes.
 */
function until(res: ServerResponse, event: "drain" | "finish", idleMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: PosternError): void => {
      res.off(event, onEvent);
      res.off("close", onClose);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onEvent = (): void => settle();
    const onClose = (): void => settle(gone());
    res.once(event, onEvent);
    res.once("close", onClose);
    res.socket?.setTimeout(idleMs);
  });
}

function gone(): PosternError {
  return new PosternError("canceled", "the client closed the connection or stopped reading");
}
