import type { BucketSettings, Project } from "../core/index.js";
import type { BoundService } from "../core/rpc/index.js";

export { defineFrontend, type FrontendPlugin, type StartedFrontend } from "./define.js";
export { type OptionField, type OptionFields, type OptionsInput, type OptionsOf, option } from "./option.js";

/** What every frontend is given: all that one needs, and the same for those of this package and for plugins. */
export interface FrontendDeps {
  /** Opens a project by access grant text; projects are cheap to open and share connections. */
  openProject(accessGrant: string): Promise<Project>;
  /**
   * Opens the project behind S3 credentials. Compares in constant time. Rejects with `unauthenticated`, the same for
   * wrong, unknown, expired and invalidated ones, or with `unavailable` when they can not be looked up now.
   */
  openWithCredentials(accessKeyId: string, secretKey: string): Promise<Project>;
  readonly access: AccessKeys;
  /** What buckets have and satellites can not hold. */
  readonly settings: BucketSettings;
  /** Every line says which frontend it is from. */
  readonly log: Logger;
  readonly metrics: Metrics;
  /** The gRPC server that all frontends share. */
  readonly grpc: GrpcMount;
  /** Aborted when the frontend is about to be stopped: the end of all that it does by itself. Requests may go on. */
  readonly signal: AbortSignal;
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

/**
 * What a frontend counts. Names are short ("requests_total") and become "postern_FRONTEND_requests_total". Values of
 * labels must come from small closed sets: each combination is kept for ever.
 */
export interface Metrics {
  counter(metric: MetricSettings): { add(labels?: MetricLabels, by?: number): void };
  gauge(metric: MetricSettings): { set(value: number, labels?: MetricLabels): void };
  /** `buckets` are upper bounds; those for seconds of a request when absent. */
  histogram(metric: MetricSettings & { readonly buckets?: readonly number[] }): {
    observe(value: number, labels?: MetricLabels): void;
  };
}

export interface MetricSettings {
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
}

export type MetricLabels = Readonly<Record<string, string>>;

/** Takes services while a frontend starts; the server listens when all have started. */
export interface GrpcMount {
  /**
   * Reflection and health tell of the service too. `loadProtoService` makes a definition of a .proto file. Throws
   * `already-exists` when there is one of its name, `failed-precondition` once the server listens. A call that takes
   * longer than `callTimeoutMs` is ended with DEADLINE_EXCEEDED; for ever when absent, as transfers may take hours.
   */
  mount(service: BoundService, limits?: { readonly callTimeoutMs?: number }): void;
}

/** A started frontend. Whoever started it stops it. */
export interface RunningFrontend {
  readonly name: string;
  /** Where it listens, by purpose: `{ http: "http://127.0.0.1:9000" }`. */
  readonly addresses: Readonly<Record<string, string>>;
  /** Rejects when it can not serve now, with a text that health checks may show. It can when absent. */
  ready?(): Promise<void>;
  /** Takes no new requests, waits up to `graceMs` for running ones, then cancels them. */
  stop(options?: { graceMs?: number }): Promise<void>;
}

/** A frontend with complete options, to be started once. `Deps` is what it needs of what all are given. */
export interface Frontend<Deps = FrontendDeps> {
  readonly name: string;
  start(deps: Deps): Promise<RunningFrontend>;
}
