import { createServer, type Socket } from "node:net";
import { decode, type Packet, streamEncode, type TxtAnswer } from "dns-packet";

/** A name's records, or how the server fails. */
export type DnsEntry = readonly { readonly strings: readonly string[]; readonly ttl: number }[] | "SERVFAIL" | "silent";

export interface DnsTestServer {
  /** "host:port" */
  readonly address: string;
  /** By name; names that are not there do not exist. May be changed at any time. */
  readonly zone: Map<string, DnsEntry>;
  /** Names that were asked for, in order. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

/** A DNS server for TXT records, over TCP. */
export async function startDnsServer(): Promise<DnsTestServer> {
  const zone = new Map<string, DnsEntry>();
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => socket.destroy());
    let received = Buffer.alloc(0);
    socket.on("data", (part) => {
      received = Buffer.concat([received, part]);
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return;
      const query = decode(received.subarray(2));
      const name = query.questions?.[0]?.name ?? "";
      asked.push(name);
      const reply = answerTo(query, name, zone.get(name));
      // In two writes, as the network may have it.
      if (reply === undefined) return;
      socket.write(reply.subarray(0, 3));
      setImmediate(() => socket.write(reply.subarray(3)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the DNS server has no port");
  return {
    address: `127.0.0.1:${address.port}`,
    zone,
    asked,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

const rcodes = { NOERROR: 0, SERVFAIL: 2, NXDOMAIN: 3 } as const;

function answerTo(query: Packet, name: string, entry: DnsEntry | undefined): Buffer | undefined {
  if (entry === "silent") return undefined;
  const rcode = entry === undefined ? "NXDOMAIN" : entry === "SERVFAIL" ? "SERVFAIL" : "NOERROR";
  const records = typeof entry === "object" ? entry : [];
  const texts = records.map(
    ({ strings, ttl }): TxtAnswer => ({
      type: "TXT",
      name: "alias.test",
      ttl,
      data: strings.map((text) => Buffer.from(text)),
    }),
  );
  return streamEncode({
    type: "response",
    id: query.id,
    flags: rcodes[rcode],
    questions: query.questions,
    answers: texts.length === 0 ? [] : [{ type: "CNAME", name, ttl: 5, data: "alias.test" }, ...texts],
  });
}
