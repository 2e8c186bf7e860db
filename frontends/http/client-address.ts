import type { IncomingMessage } from "node:http";

/**
 * The address of the client. `trustedHops` is how many proxies of our own stand in front: so many entries are believed
 * from the right end of X-Forwarded-For; what is left of them was written by a stranger.
 */
export function clientAddress(req: IncomingMessage, trustedHops: number): string {
  const peer = req.socket.remoteAddress ?? "";
  if (trustedHops <= 0) return peer;
  const forwarded = [req.headers["x-forwarded-for"] ?? []].flat().join(",");
  const chain = forwarded
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
  return withoutPort(chain[Math.max(chain.length - trustedHops, 0)] ?? peer);
}

/** Some proxies tell the client's port too (Azure's Application Gateway does): "192.0.2.1:50000", "[2001:db8::1]:50000". */
function withoutPort(address: string): string {
  const [, bracketed, plain] = /^(?:\[(.+)\](?::\d+)?|(\d+\.\d+\.\d+\.\d+):\d+)$/.exec(address) ?? [];
  return bracketed ?? plain ?? address;
}
