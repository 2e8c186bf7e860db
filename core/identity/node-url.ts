import { decodeBase58Check, encodeBase58Check } from "../bytes/base58check.js";
import { PosternError } from "../errors.js";
import { isZeroNodeId, type NodeId, nodeIdText, parseNodeId } from "./node-id.js";

/** Where a satellite or node is and who it must be. */
export interface NodeUrl {
  readonly id?: NodeId | undefined;
  /** "host:port", or what stood there; may be empty. */
  readonly address: string;
  /** Number in noise.NoiseProtocol; 0 for none. */
  readonly noiseProto?: number;
  readonly noisePublicKey?: Uint8Array | undefined;
  /** How many duplicated first packets the peer bears. */
  readonly debounceLimit?: number;
  /** Bits of NodeAddress.Feature. */
  readonly features?: bigint;
}

/**
 * Reads `[storj://][id@]host[:port][?debounce=N&f=HEX&noise_proto=N&noise_pub=BASE58CHECK]`. Accepts and refuses
 * (`invalid-argument`) what Go's does: storj/common storj/nodeurl.go over net/url.
 */
export function parseNodeUrl(text: string): NodeUrl {
  if (text === "") return { address: "" };
  const separator = text.indexOf("://");
  if (separator >= 0 && text.slice(0, separator).toLowerCase() !== "storj") throw invalid("unknown scheme");
  // Fragment first, then query, then path: net/url's order.
  const [withoutFragment] = cut(separator >= 0 ? text.slice(separator + 3) : text, "#");
  const [beforeQuery, query] = cut(withoutFragment, "?");
  const [authority] = cut(beforeQuery, "/");
  if (/[\u0000-\u001f\u007f]/.test(text)) throw invalid("control character");
  const at = authority.lastIndexOf("@");
  const id = at < 0 ? undefined : parseUser(authority.slice(0, at));
  return { id, address: parseHost(authority.slice(at + 1)), ...parseQuery(query) };
}

function cut(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
}

function parseUser(user: string): NodeId {
  if (!/^[A-Za-z0-9\-._:~!$&'()*+,;=%@]*$/.test(user)) throw invalid("invalid node id");
  try {
    return parseNodeId(user);
  } catch (cause) {
    throw invalid("invalid node id", cause);
  }
}

function parseHost(host: string): string {
  const portStart = host.startsWith("[") ? host.lastIndexOf("]") + 1 : host.lastIndexOf(":");
  if (host.startsWith("[") && portStart === 0) throw invalid("missing ']' in host");
  const port = portStart < 0 ? "" : host.slice(portStart);
  if (!/^(:[0-9]*)?$/.test(port)) throw invalid("invalid port");
  if (/[\s"<>\\^`{|}%]/.test(host)) throw invalid("invalid character in host name");
  return host;
}

function parseQuery(query: string): Partial<NodeUrl> {
  const parameters = new URLSearchParams(query);
  const noisePublic = parameters.get("noise_pub");
  const noiseProto = parameters.get("noise_proto");
  const debounce = parameters.get("debounce");
  const features = parameters.get("f");
  return {
    ...(noisePublic && { noisePublicKey: noiseKey(noisePublic) }),
    ...(noiseProto && { noiseProto: wholeNumber(noiseProto) }),
    ...(debounce && { debounceLimit: wholeNumber(debounce) }),
    ...(features && { features: featureBits(features) }),
  };
}

function noiseKey(text: string): Uint8Array {
  try {
    return decodeBase58Check(text).payload;
  } catch (cause) {
    throw invalid("invalid noise key", cause);
  }
}

function wholeNumber(text: string): number {
  const value = /^[+-]?[0-9]+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw invalid("invalid number");
  return value;
}

function featureBits(text: string): bigint {
  const bits = /^[0-9a-fA-F]+$/.test(text) ? BigInt(`0x${text}`) : undefined;
  if (bits === undefined || bits >= 1n << 64n) throw invalid("invalid features");
  return bits;
}

function invalid(why: string, cause?: unknown): PosternError {
  return new PosternError("invalid-argument", `node URL: ${why}`, { cause });
}

/** The text form, without a scheme; the parameters in Go's order. */
export function nodeUrlText(url: NodeUrl): string {
  const parameters: string[] = [];
  if (url.debounceLimit !== undefined && url.debounceLimit > 0) parameters.push(`debounce=${url.debounceLimit}`);
  if (url.features !== undefined && url.features > 0n) parameters.push(`f=${url.features.toString(16)}`);
  if (url.noiseProto) parameters.push(`noise_proto=${url.noiseProto}`);
  if (url.noisePublicKey?.length) parameters.push(`noise_pub=${encodeBase58Check(url.noisePublicKey, 0)}`);
  const id = url.id === undefined || isZeroNodeId(url.id) ? "" : `${nodeIdText(url.id)}@`;
  return `${id}${url.address}${parameters.length > 0 ? `?${parameters.join("&")}` : ""}`;
}

/** Ids of satellites that old grants name by address only (storj/common rpc/known_ids.go). */
const knownIds: Readonly<Record<string, string>> = {
  "us-central-1.tardigrade.io": "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S",
  "mars.tardigrade.io": "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S",
  "asia-east-1.tardigrade.io": "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6",
  "saturn.tardigrade.io": "121RTSDpyNZVcEU84Ticf2L1ntiuUimbWgfATz21tuvgk3vzoA6",
  "europe-west-1.tardigrade.io": "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs",
  "jupiter.tardigrade.io": "12L9ZFwhzVpuEKMUNUqkaTLGzwY9G24tbiigLiXpmZWKwmcNDDs",
  "satellite.stefan-benten.de": "118UWpMCHzs6CvSgWd9BfFVjw5K9pZbJjkfZJexMtSkmKxvvAW",
  "saltlake.tardigrade.io": "1wFTAgs9DP5RSnCqKV1eLf6N9wtk4EAtmN5DpSxcs8EjT69tGE",
};

/** The id of a well-known satellite, with or without a port in its address. */
export function knownNodeId(address: string): NodeId | undefined {
  const host = /^([^:]*)(:[^:]*)?$/.exec(address)?.[1] ?? "";
  const text = Object.hasOwn(knownIds, host) ? knownIds[host] : undefined;
  return text === undefined ? undefined : parseNodeId(text);
}
