import type { ServerResponse } from "node:http";
import { sendStream } from "../http/index.js";

/** A reply's body that streams. */
export interface StreamBody {
  readonly stream: AsyncIterable<Uint8Array>;
  /** Frees what the stream holds, if it is never read. */
  close(): void;
}

/** What a visitor is answered. For HEAD the body is left out as it is sent, and never made where that costs something. */
export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | StreamBody;
}

export function textReply(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return {
    status,
    headers: { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff", ...headers },
    body: `${text}\n`,
  };
}

export function redirect(status: 303 | 308, location: string): Reply {
  return { status, headers: { Location: location, "Referrer-Policy": "no-referrer" }, body: "" };
}

/** Bytes kept for a client that reads slower than the network delivers. */
const sendHighWaterMark = 1024 * 1024;

/** Writes a reply. Rejects only when the client did not get all of a stream. */
export async function sendReply(res: ServerResponse, reply: Reply, idleMs: number): Promise<void> {
  const { status, headers, body } = reply;
  const isHead = res.req.method === "HEAD";
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) {
    const bytes = typeof body === "string" ? Buffer.from(body) : body;
    const length = bytes === undefined || status === 304 ? {} : { "Content-Length": String(bytes.length) };
    res.writeHead(status, { ...length, ...headers });
    if (isHead || bytes === undefined) res.end();
    else res.end(bytes);
    return;
  }
  try {
    // A stream that is not as long as it should be must not look whole.
    if ("Content-Length" in headers) res.strictContentLength = true;
    if (isHead) {
      res.strictContentLength = false;
      res.writeHead(status, headers).end();
      return;
    }
    res.writeHead(status, headers);
    await sendStream(res, body.stream, { idleMs, highWaterMark: sendHighWaterMark });
  } finally {
    body.close();
  }
}
