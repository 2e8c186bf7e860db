import { readFile } from "node:fs/promises";
import { PosternError } from "../errors.js";
import { nodeIdText } from "../identity/node-id.js";
import { knownNodeId, parseNodeUrl } from "../identity/node-url.js";

/**
 * Whose grants may be registered. Entries are node URLs, or http, https and file URLs of lists with a node URL a line
 * ("#" begins a comment), which are read again from time to time. Source: storj/edge pkg/nodelist.
 */
export interface SatelliteList {
  /** Whether node id and address are exactly those of an entry. False for what is no node URL. */
  allows(satelliteAddress: string): boolean;
  /** Reads all lists again. Rejects with `unavailable`, and keeps what it knew, when one can not be read. */
  refresh(): Promise<void>;
  close(): void;
}

export interface SatelliteListOptions {
  /** Time between two readings of the lists, in ms; 600 000 when absent. */
  readonly refreshMs?: number;
  /** Longest wait for a list, in ms; 10 000 when absent. */
  readonly timeoutMs?: number;
  /** Told when a later reading fails; the list stays as it was. */
  readonly onProblem?: (error: unknown) => void;
}

const maxListBytes = 65_536;

/** Rejects with `invalid-argument` for what is no node URL and `unavailable` for a list that can not be read. */
export async function openSatelliteList(
  entries: readonly string[],
  options: SatelliteListOptions = {},
): Promise<SatelliteList> {
  const sources = entries.filter(isListUrl);
  const fixed = entries.filter((entry) => !isListUrl(entry)).map(requiredKey);
  let allowed: ReadonlySet<string> = new Set();
  const keyOfText = remembered(keyOf);
  const refresh = async (): Promise<void> => {
    const lists = await Promise.all(sources.map((url) => readList(url, options.timeoutMs ?? 10_000)));
    allowed = new Set([...fixed, ...lists.flat()]);
  };
  await refresh();
  const timer =
    sources.length === 0
      ? undefined
      : setInterval(() => {
          refresh().catch((error: unknown) => options.onProblem?.(error));
        }, options.refreshMs ?? 600_000).unref();
  return {
    allows(address) {
      const key = keyOfText(address);
      return key !== undefined && allowed.has(key);
    },
    refresh,
    close: () => clearInterval(timer),
  };
}

function isListUrl(entry: string): boolean {
  return /^(https?|file):\/\//.test(entry);
}

async function readList(url: string, timeoutMs: number): Promise<string[]> {
  const signal = AbortSignal.timeout(timeoutMs);
  let text: string;
  try {
    text = url.startsWith("file:")
      ? await readFile(new URL(url), { encoding: "utf8", signal })
      : await get(url, signal);
  } catch (error) {
    throw new PosternError("unavailable", `the satellite list ${withoutSecrets(url)} can not be read`, {
      cause: error,
    });
  }
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  return lines.filter((line) => line !== "" && !line.startsWith("#")).map(requiredKey);
}

async function get(url: string, signal: AbortSignal): Promise<string> {
  const reply = await fetch(url, { signal });
  if (!reply.ok || reply.body === null) throw new PosternError("unavailable", `HTTP status ${reply.status}`);
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of reply.body) {
    parts.push(part);
    size += part.length;
    if (size > maxListBytes) throw new PosternError("resource-exhausted", "the satellite list is too long");
  }
  return Buffer.concat(parts).toString("utf8");
}

function requiredKey(entry: string): string {
  const key = keyOf(entry);
  if (key !== undefined) return key;
  throw new PosternError("invalid-argument", `${JSON.stringify(entry.slice(0, 200))} is no node URL of a satellite`);
}

/** What two texts of one node URL have in common. */
function keyOf(text: string): string | undefined {
  try {
    const url = parseNodeUrl(text);
    const id = url.id ?? knownNodeId(url.address);
    return id === undefined ? undefined : `${nodeIdText(id)}@${url.address}`;
  } catch {
    // A stranger's grant may have anything there; it is the address of no satellite.
    return undefined;
  }
}

const mostTexts = 1_000;
const longestText = 256;

/** Grants have the same few addresses over and over, and reading one costs as much as all else of a registration. */
function remembered(read: (text: string) => string | undefined): (text: string) => string | undefined {
  const known = new Map<string, string | undefined>();
  return (text) => {
    if (known.has(text)) return known.get(text);
    const key = read(text);
    if (text.length > longestText) return key;
    if (known.size >= mostTexts) known.clear();
    known.set(text, key);
    return key;
  };
}

/** A list's URL may carry a password or a signature. */
function withoutSecrets(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
