import { isIPv6 } from "node:net";

/**
 * What limits tell clients apart by: the IPv4 address, also where IPv6 carries it, or the first 64 bits of an IPv6
 * address, as one subscriber has all of the rest (RFC 6177). Other text stays as it is.
 */
export function clientKey(address: string): string {
  const [bare = ""] = address.split("%", 1);
  if (!isIPv6(bare)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare);
  if (mapped !== null) return mapped[1]!;
  const [head = "", tail] = bare.toLowerCase().split("::", 2);
  const groups = (text: string | undefined) => (text === undefined || text === "" ? [] : text.split(":"));
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array.from({ length: Math.max(0, zeros) }, () => "0"), ...groups(tail)];
  return `${all
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
