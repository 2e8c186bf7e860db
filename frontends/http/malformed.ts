import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

/** Body of the reply to what is not HTTP, by status (400, 408, 431). */
export type MalformedReply = (status: number) => { readonly type: string; readonly body: string };

/** Answers what is not HTTP, after what is on the same connection. */
export interface Malformed {
  /** Notes a request that is to be answered. */
  follow(req: IncomingMessage, res: ServerResponse): void;
  /** For the event "clientError" of Node's servers. */
  reject(error: NodeJS.ErrnoException, socket: Duplex): void;
  /** For a request that Node takes, and must not: answers it. */
  refuse(res: ServerResponse): void;
}

interface Exchange {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

const noText: MalformedReply = () => ({ type: "text/plain", body: "" });

export function createMalformed(replyOf: MalformedReply = noText): Malformed {
  // What is under way, by connection: clients may send the next request before they have the answer to the last one.
  const open = new WeakMap<Duplex, Set<Exchange>>();
  const rejected = new WeakSet<Duplex>();

  const tell = (socket: Duplex, status: number): void => {
    const { type, body } = replyOf(status);
    socket.end(
      `HTTP/1.1 ${status} ${reasons[status]}\r\nConnection: close\r\nContent-Type: ${type}\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  };

  return {
    follow(req, res) {
      const { socket } = req;
      const exchanges = open.get(socket) ?? new Set();
      open.set(socket, exchanges);
      const exchange = { req, res };
      exchanges.add(exchange);
      res.once("close", () => exchanges.delete(exchange));
    },

    reject(error, socket) {
      // Failed handshakes come here too, and on their sockets nothing can be written, nor waited for.
      if (!/^(HPE|ERR_HTTP)_/.test(error.code ?? "") || !socket.writable) {
        socket.destroy();
        return;
      }
      // Each further piece of what the client sends comes here again.
      if (rejected.has(socket)) return;
      rejected.add(socket);
      const exchanges = [...(open.get(socket) ?? [])];
      const last = exchanges.at(-1);
      const sent = exchanges.some(({ res }) => res.headersSent);
      if (last === undefined || (!last.req.complete && exchanges.length === 1 && !sent)) {
        tell(
          socket,
          error.code === "HPE_HEADER_OVERFLOW" ? 431 : error.code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400,
        );
      } else if (last.req.complete) {
        // Whole requests came before it, and are answered: a reply of ours would be read as theirs, or as part of them.
        last.res.shouldKeepAlive = false;
        last.res.once("close", () => socket.end());
      } else socket.destroy();
    },

    refuse(res) {
      const { type, body } = replyOf(400);
      const length = Buffer.byteLength(body);
      res.writeHead(400, { Connection: "close", "Content-Type": type, "Content-Length": length }).end(body);
    },
  };
}

const reasons: Readonly<Record<number, string>> = {
  400: "Bad Request",
  408: "Request Timeout",
  431: "Request Header Fields Too Large",
};

/** RFC 9112 section 3.2: such a request must be refused. Node drops all but the first, which a proxy may not do. */
export function hasSeveralHosts({ rawHeaders }: IncomingMessage): boolean {
  let hosts = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (name.length === 4 && name.toLowerCase() === "host") hosts++;
  }
  return hosts > 1;
}
