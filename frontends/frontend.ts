import type { BucketSettings, Project } from "../core/index.js";

/** What every frontend is given. */
export interface FrontendDeps {
  /** Opens a project by access grant text; projects are cheap to open and share connections. */
  openProject(accessGrant: string): Promise<Project>;
  readonly access: AccessKeys;
  /** What buckets have and satellites can not hold. */
  readonly settings: BucketSettings;
  readonly log: Logger;
}

/** Access keys: handed out for access grants, and exchanged back for them. */
export interface AccessKeys {
  /**
   * Finds the grant and secret of an access key id. Rejects with `invalid-argument` for what is no access key id,
   * `not-found` for unknown and expired ones, `permission-denied` for invalidated ones, `unavailable` when it can not
   * be asked now.
   */
  resolve(accessKeyId: string): Promise<ResolvedAccess>;
  /** Rejects with `invalid-grant` or `invalid-argument`. */
  register(request: RegisterAccess): Promise<IssuedAccess>;
  /** Rejects when access keys can be neither resolved nor registered now. */
  ping(): Promise<void>;
}

export interface ResolvedAccess {
  readonly accessGrant: string;
  /** The secret key's text, as used in signatures. */
  readonly secretKey: string;
  /** Whether the access key id alone is enough to read (link sharing). */
  readonly public: boolean;
  readonly usageTags: readonly string[];
  /** 16 bytes, when known. */
  readonly publicProjectId: Uint8Array | undefined;
  /** Milliseconds since the epoch, when known. */
  readonly projectCreatedAt: number | undefined;
}

export interface RegisterAccess {
  readonly accessGrant: string;
  readonly public: boolean;
  readonly usageTags?: readonly string[];
}

export interface IssuedAccess {
  readonly accessKeyId: string;
  readonly secretKey: string;
  /** S3 endpoint URL. */
  readonly endpoint: string;
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
