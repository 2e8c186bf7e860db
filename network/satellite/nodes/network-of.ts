import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { PosternError } from "../../../core/errors.js";

export interface ResolvedAddress {
  /** "ip:port", an IPv6 address in brackets. */
  readonly ipPort: string;
  /** "10.1.2.0" or "2001:db8::": what nodes close to each other share. */
  readonly network: string;
}

/** Finds where an address "host:port" leads (storj/storj satellite/overlay/service.go ResolveIPAndNetwork). */
export async function resolveAddress(address: string): Promise<ResolvedAddress> {
  const match = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  if (host === undefined || Number(match![3]) > 65_535) {
    throw new PosternError("invalid-argument", "address is not host:port");
  }
  const ip = isIP(host) === 0 ? (await lookup(host)).address : host;
  const four = isIP(ip) === 4;
  return { ipPort: four ? `${ip}:${match![3]}` : `[${ip}]:${match![3]}`, network: four ? slash24(ip) : slash64(ip) };
}

function slash24(ip: string): string {
  return `${ip.split(".").slice(0, 3).join(".")}.0`;
}

function slash64(ip: string): string {
  const [left = "", right = ""] = ip.split("::");
  const head = left === "" ? [] : left.split(":");
  const tail = right === "" ? [] : right.split(":");
  const zeros = ip.includes("::") ? Array<string>(8 - head.length - tail.length).fill("0") : [];
  return `${[...head, ...zeros, ...tail].slice(0, 4).join(":")}::`;
}
