import { readFile } from "node:fs/promises";
import { PosternError } from "../errors.js";
import { type LoadedPair, loadPair, pairFor, type WebTls } from "./web-tls.js";

/** Files of one certificate chain and its key, PEM both. */
export interface CertificateFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface CertificatesOptions {
  /** How often the files are looked at, in ms; 5 000 when absent, 0 never. */
  readonly pollMs?: number;
  /** Told once of each new content that can not be used; the certificates stay as they were. */
  readonly onProblem?: (error: PosternError) => void;
  /** Told of each change that was taken. */
  readonly onChange?: () => void;
}

/** Certificates of files, for as many listeners as there are. */
export interface Certificates extends WebTls {
  /** Looks at the files now; true when there are new certificates. */
  refresh(): Promise<boolean>;
  /** Looks at the files no more. */
  close(): void;
}

/**
 * Loads certificates, the first of which is the default one, and again whenever the content of the files changes.
 * Contents are compared, not times: tools replace files, links to them or folders above. Rejects with
 * `invalid-argument` for files that can not be used.
 */
export async function openCertificates(
  files: readonly CertificateFiles[],
  options: CertificatesOptions = {},
): Promise<Certificates> {
  if (files.length === 0) throw new PosternError("invalid-argument", "TLS needs a certificate");
  const { pollMs = 5_000, onProblem } = options;
  const listeners = new Set<() => void>();
  let pairs = await Promise.all(files.map(load));
  let lastProblem = "";

  const renew = async (): Promise<boolean> => {
    try {
      const loaded = await Promise.all(files.map(load));
      lastProblem = "";
      if (loaded.every((pair, i) => samePair(pair, pairs[i]!))) return false;
      pairs = loaded;
    } catch (error) {
      const problem = error as PosternError;
      // Half of a renewal, for a moment, is as likely as a broken file that stays.
      if (problem.message !== lastProblem) onProblem?.(problem);
      lastProblem = problem.message;
      return false;
    }
    for (const listener of listeners) listener();
    options.onChange?.();
    return true;
  };

  let underWay: Promise<boolean> = Promise.resolve(false);
  const refresh = (): Promise<boolean> => {
    underWay = underWay.then(renew);
    return underWay;
  };
  const timer = pollMs === 0 ? undefined : setInterval(() => void refresh(), pollMs).unref();

  return {
    contextFor: (serverName) => pairFor(pairs, serverName).context,
    get fallback() {
      return pairs[0]!;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh,
    close: () => clearInterval(timer),
  };
}

async function load({ certFile, keyFile }: CertificateFiles): Promise<LoadedPair> {
  // One after the other, so that of two that are missing always the same one is told.
  const cert = await read(certFile);
  const key = await read(keyFile);
  try {
    return loadPair({ cert, key });
  } catch (error) {
    const said =
      error instanceof Error && /mismatch/i.test(error.message) ? "do not belong together" : "can not be used";
    throw new PosternError("invalid-argument", `the certificate ${certFile} and the key ${keyFile} ${said}`, {
      cause: error,
    });
  }
}

async function read(file: string): Promise<Buffer> {
  try {
    return await readFile(file);
  } catch (error) {
    throw new PosternError("invalid-argument", `the file ${file} can not be read`, { cause: error });
  }
}

function samePair(one: LoadedPair, other: LoadedPair): boolean {
  return (
    Buffer.compare(bytes(one.cert), bytes(other.cert)) === 0 && Buffer.compare(bytes(one.key), bytes(other.key)) === 0
  );
}

function bytes(pem: string | Buffer): Buffer {
  return typeof pem === "string" ? Buffer.from(pem) : pem;
}
