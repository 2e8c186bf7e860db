import type { S3Error } from "./errors.js";

/** A reply's body that streams. */
export interface StreamBody {
  readonly stream: AsyncIterable<Uint8Array>;
  /** Frees what the stream holds, if it is never read. */
  close(): void;
}

/** What an operation answers. */
export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is an XML document. */
  readonly body?: string | StreamBody;
}

export function xmlReply(document: string, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status: 200, headers, body: document };
}

/** Whether the error is told by status and headers alone. */
export function hasDocument(error: S3Error, method: string): boolean {
  return method !== "HEAD" && error.status !== 304;
}
