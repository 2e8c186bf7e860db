import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { parseAddress } from "../../core/rpc/tcp.js";

/** A TCP peer in the middle of one connection at a time. */
export interface Relay {
  /** Where clients connect; "host:port". */
  readonly address: string;
  /** The socket to the server, of the newest connection. */
  readonly toServer: Socket;
  close(): void;
}

export interface RelayOptions {
  /** Passes on the first bytes from the client, as it likes; the rest follows when it is done. Takes them as they come. */
  first?: { bytes: number; pass(bytes: Buffer, toServer: Socket): Promise<void> | void };
}

/** Passes bytes between clients and a server, in both directions. */
export async function createRelay(serverAddress: string, { first }: RelayOptions = {}): Promise<Relay> {
  const sockets: Socket[] = [];
  let toServer: Socket | undefined;
  const listener = createServer((fromClient) => {
    const to = connect({ ...parseAddress(serverAddress), noDelay: true });
    toServer = to;
    sockets.push(fromClient, to);
    for (const socket of [fromClient, to]) socket.on("error", () => {});
    to.on("close", () => fromClient.destroy());
    fromClient.on("close", () => to.destroy());
    to.pipe(fromClient);
    void (async () => {
      if (first !== undefined) {
        const bytes = await atLeast(fromClient, first.bytes);
        await first.pass(bytes, to);
      }
      fromClient.pipe(to);
    })();
  });
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const bound = listener.address() as { port: number };
  return {
    address: `127.0.0.1:${bound.port}`,
    get toServer() {
      if (toServer === undefined) throw new Error("nobody has connected yet");
      return toServer;
    },
    close() {
      listener.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

async function atLeast(socket: Socket, count: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let length = 0; length < count; ) {
    await once(socket, "readable");
    for (let part: Buffer | null = socket.read(); part !== null; part = socket.read()) {
      parts.push(part);
      length += part.length;
    }
  }
  return Buffer.concat(parts);
}
