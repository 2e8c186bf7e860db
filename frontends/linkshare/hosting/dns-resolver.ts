import { randomInt } from "node:crypto";
import { connect } from "node:net";
import { decode, type Packet, RECURSION_DESIRED, streamEncode } from "dns-packet";
import { PosternError } from "../../../core/index.js";
import type { TxtRecord, TxtResolver } from "./resolver.js";

export interface DnsResolverOptions {
  /** "host:port", "[host]:port". */
  readonly server: string;
  /** Longest time of one look-up, in ms. 5 000 when absent. */
  readonly timeoutMs?: number;
}

/**
 * Asks one DNS server, over TCP alone as Storj's service does: replies may be long, as grants are, and nobody who does
 * not sit on the way can answer in its place (RFC 7766).
 */
export function createDnsResolver({ server, timeoutMs = 5_000 }: DnsResolverOptions): TxtResolver {
  const colon = server.lastIndexOf(":");
  const host = server.slice(0, colon).replace(/^\[|\]$/g, "");
  const port = Number(server.slice(colon + 1));
  return {
    async txt(name, signal) {
      const id = randomInt(65_536);
      const query = streamEncode({ type: "query", id, flags: RECURSION_DESIRED, questions: [{ type: "TXT", name }] });
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const reply = parse(await exchange(host, port, query, limit));
      if (reply.type !== "response" || reply.id !== id) throw unusable("the reply is to another query");
      return recordsOf(reply);
    },
  };
}

/** Sends a message and waits for one, which has its length in front (RFC 1035 section 4.2.2). */
function exchange(host: string, port: number, message: Uint8Array, signal: AbortSignal): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let received = 0;
    const socket = connect({ host, port });
    const settle = (error: unknown, reply?: Buffer): void => {
      signal.removeEventListener("abort", onAbort);
      socket.destroy();
      if (reply !== undefined) resolve(reply);
      else reject(new PosternError("unavailable", "the DNS server does not answer", { cause: error }));
    };
    const onAbort = (): void => settle(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) return onAbort();
    socket.on("connect", () => socket.write(message));
    socket.on("error", settle);
    socket.on("close", () => settle(new Error("the connection closed")));
    socket.on("data", (part) => {
      parts.push(part);
      received += part.length;
      if (received < 2) return;
      const all = Buffer.concat(parts);
      const length = all.readUInt16BE(0);
      if (received >= 2 + length) settle(undefined, all.subarray(2, 2 + length));
    });
  });
}

function parse(bytes: Buffer): Packet & { rcode?: string } {
  try {
    return decode(bytes);
  } catch (cause) {
    throw unusable("the reply is malformed", cause);
  }
}

function recordsOf({ rcode, answers = [] }: Packet & { rcode?: string }): TxtRecord[] {
  if (rcode === "NXDOMAIN") return [];
  if (rcode !== undefined && rcode !== "NOERROR") throw unusable(`the DNS server answers ${rcode}`);
  // Aliases on the way have answers too, of type CNAME.
  return answers.flatMap((answer) => {
    if (answer.type !== "TXT") return [];
    const strings = [answer.data].flat().map((string) => Buffer.from(string as Uint8Array).toString("utf8"));
    return [{ strings, ttl: answer.ttl ?? 0 }];
  });
}

function unusable(what: string, cause?: unknown): PosternError {
  return new PosternError("unavailable", `DNS: ${what}`, { cause });
}
