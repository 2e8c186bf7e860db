import { X509Certificate } from "node:crypto";
import { createSecureContext, type SecureContext, type Server, type TlsOptions } from "node:tls";

/** A certificate chain, leaf first, and the leaf's key, as PEM. */
export interface PemPair {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/** Ordinary web TLS of a server: several certificates, told apart by the name that clients ask for, which may change. */
export interface WebTls {
  /** What to show to a client that asks for this name (RFC 6066 section 3), or for none. */
  contextFor(serverName: string | undefined): SecureContext;
  /** Shown to clients that ask for no name, or for one that no certificate has. */
  readonly fallback: PemPair;
  /** Tells of a change of the certificates; returns how to hear no more. */
  onChange(listener: () => void): () => void;
}

/** What listeners take: one certificate for good, or those of `openCertificates`. */
export type TlsSource = PemPair | WebTls;

const minVersion = "TLSv1.2";

/** A loaded certificate. */
export interface LoadedPair extends PemPair {
  readonly context: SecureContext;
  readonly leaf: X509Certificate;
}

/** Throws what OpenSSL says of PEMs that can not be read, or do not belong together. */
export function loadPair({ cert, key }: PemPair): LoadedPair {
  return { cert, key, context: createSecureContext({ cert, key, minVersion }), leaf: new X509Certificate(cert) };
}

/** The first pair whose certificate has the name, else the first. */
export function pairFor(pairs: readonly LoadedPair[], serverName: string | undefined): LoadedPair {
  const named = serverName === undefined ? undefined : pairs.find(({ leaf }) => leaf.checkHost(serverName));
  return named ?? pairs[0]!;
}

export function asWebTls(source: TlsSource): WebTls {
  if ("contextFor" in source) return source;
  const pair = loadPair(source);
  return { contextFor: () => pair.context, fallback: source, onChange: () => () => {} };
}

/** For Node's own TLS servers; see `followTls`. */
export function serverOptions(tls: WebTls): TlsOptions {
  return {
    ...tls.fallback,
    minVersion,
    SNICallback: (name, done) => done(null, tls.contextFor(name)),
  };
}

/** Has a server show changed certificates to new connections. Those that are open go on as they are. */
export function followTls(server: Server, tls: WebTls): void {
  const ignore = tls.onChange(() => server.setSecureContext({ ...tls.fallback, minVersion }));
  server.once("close", ignore);
}
