import type { ServerResponse } from "node:http";
import { sendStream } from "../http/index.js";
import type { CompleteS3Options } from "./options.js";
import type { Reply } from "./reply.js";
import { xmlDeclaration } from "./xml/write.js";

const xmlType = { "Content-Type": "application/xml" };
/** Bytes kept for a client that reads slower than the network delivers. */
const sendHighWaterMark = 1024 * 1024;

/** Writes a reply. Rejects only when the client did not get all of a stream. */
export async function sendReply(res: ServerResponse, reply: Reply, options: CompleteS3Options): Promise<void> {
  const { body, headers } = reply;
  if (body === undefined) {
    // A HEAD reply may tell the length of a body that it does not have; others without a body say so.
    const noLength = reply.status === 204 || reply.status === 304 || res.req.method === "HEAD";
    res.writeHead(reply.status, noLength ? headers : { "Content-Length": "0", ...headers }).end();
    return;
  }
  if (typeof body === "string") {
    const bytes = Buffer.from(body);
    res.writeHead(reply.status, { ...xmlType, "Content-Length": bytes.length, ...headers }).end(bytes);
    return;
  }
  try {
    // A stream that is not as long as it should be must not look whole.
    res.strictContentLength = true;
    res.writeHead(reply.status, headers);
    await sendStream(res, body.stream, { idleMs: options.idleMs, highWaterMark: sendHighWaterMark });
  } finally {
    body.close();
  }
}

/**
 * Waits for the reply of an operation that may take minutes, and after a while sends the head of a 200 reply and then
 * white space, so that nobody on the way takes the connection for dead. From then on an error can only be told in the
 * document, which is what Amazon does too and what its clients expect of these operations
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html).
 */
export async function sendSlowReply(
  res: ServerResponse,
  pending: Promise<Reply>,
  options: CompleteS3Options,
): Promise<void> {
  let early = false;
  const timer = setInterval(() => {
    if (!early) res.writeHead(200, xmlType).write(xmlDeclaration);
    else res.write(" ");
    early = true;
  }, options.slowReplyMs);
  let reply: Reply;
  try {
    reply = await pending;
  } finally {
    clearInterval(timer);
  }
  if (!early) return sendReply(res, reply, options);
  const body = typeof reply.body === "string" ? reply.body : "";
  res.end(body.startsWith(xmlDeclaration) ? body.slice(xmlDeclaration.length) : body);
}
