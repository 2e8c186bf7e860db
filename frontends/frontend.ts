import type { Project } from "../core/index.js";

/** What every frontend is given. */
export interface FrontendDeps {
  /** Opens a project by access grant text; projects are cheap to open and share connections. */
  openProject(accessGrant: string): Promise<Project>;
  /** Finds the grant and secret of an access key id; rejects with `not-found` alike for unknown, expired, invalid. */
  resolveAccessKey(accessKeyId: string, signal?: AbortSignal): Promise<ResolvedAccess>;
  readonly log: Logger;
}

export interface ResolvedAccess {
  readonly accessGrant: string;
  /** The secret key's text, as used in signatures. */
  readonly secretKey: string;
  readonly public: boolean;
}

/** The part of pino that frontends use. Secrets never reach it. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** A started frontend. Whoever started it stops it. */
export interface RunningFrontend {
  readonly name: string;
  /** Where it listens, by purpose: `{ http: "http://127.0.0.1:9000" }`. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Takes no new requests, waits up to `graceMs` for running ones, then cancels them. */
  stop(options?: { graceMs?: number }): Promise<void>;
}

export interface Frontend {
  readonly name: string;
  start(deps: FrontendDeps): Promise<RunningFrontend>;
}
