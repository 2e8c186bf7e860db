import { availableParallelism } from "node:os";
import { PosternError } from "../core/errors.js";
import type { CertificateFiles } from "../core/index.js";
import { dataDir, type LogLevel, logLevels, wholeNumber } from "./config.js";
import type { Environment } from "./env.js";
import { type TlsFlags, tlsFiles } from "./tls.js";

/** What `postern auth` was told on the command line. */
export interface AuthFlags extends TlsFlags {
  readonly dataDir?: string;
  readonly host?: string;
  readonly authPort?: string;
  readonly authGrpcPort?: string;
  readonly authDrpcPort?: string;
  readonly metricsPort?: string;
  readonly ephemeral?: boolean;
  readonly satellite?: readonly string[];
  readonly endpoint?: string;
  readonly authToken?: string;
  readonly authDatabase?: string;
  readonly authConnections?: string;
  readonly authStore?: string;
  readonly processes?: string;
  readonly requestsPerMinute?: string;
  readonly projectPerMinute?: string;
  readonly projectInfo?: boolean;
  readonly trustedProxies?: string;
  readonly logLevel?: string;
}

/** Complete settings of `postern auth`. Port 0 takes a free one. */
export interface AuthConfig {
  /** Absolute path. */
  readonly dataDir: string;
  readonly host: string;
  readonly ports: { readonly http: number; readonly grpc: number; readonly drpc: number; readonly metrics?: number };
  /** Node URLs, or URLs of lists of them. */
  readonly satellites: readonly string[];
  readonly endpoint: string;
  /** Undefined makes one and keeps it. */
  readonly tokens: readonly string[] | undefined;
  /** URL "postgres://…"; SQLite in the data folder where undefined. */
  readonly database: string | undefined;
  /** To PostgreSQL, of all processes together, but at least two of each. */
  readonly connections: number;
  /** Module of a store, in place of a database. */
  readonly store: string | undefined;
  /** That serve on the same ports. */
  readonly processes: number;
  /** Of one client; 0 does not limit. */
  readonly requestsPerMinute: number | undefined;
  /** Registrations of one project; 0 does not limit. */
  readonly projectPerMinute: number;
  /** Whether satellites are asked which project a grant is of. */
  readonly projectInfo: boolean;
  readonly trustedProxies: number | undefined;
  readonly tls: readonly CertificateFiles[];
  readonly logLevel: LogLevel;
}

export function authConfig(flags: AuthFlags, env: Environment): AuthConfig {
  const satellites = flags.satellite ?? [];
  if (satellites.length === 0) {
    throw new PosternError("invalid-argument", "--satellite says whose grants may be registered: node URLs or lists");
  }
  if (flags.endpoint === undefined || !/^https?:\/\//.test(flags.endpoint)) {
    throw new PosternError("invalid-argument", "--endpoint takes the http or https URL of the S3 gateway");
  }
  const port = (name: string, text: string | undefined, fallback: number): number =>
    wholeNumber(name, text ?? String(flags.ephemeral === true ? 0 : fallback));
  const number = (name: string, text: string | undefined): number | undefined =>
    text === undefined ? undefined : wholeNumber(name, text);
  const level = logLevels.find((known) => known === (flags.logLevel ?? env.logLevel ?? "warn"));
  if (level === undefined) {
    throw new PosternError("invalid-argument", `--log-level takes ${logLevels.join(", ")}`);
  }
  const database = authDatabase(flags, env);
  const processes = processesOf(flags, database);
  return {
    dataDir: dataDir(flags, env),
    host: flags.host ?? "127.0.0.1",
    ports: {
      http: port("--auth-port", flags.authPort, 9001),
      grpc: port("--auth-grpc-port", flags.authGrpcPort, 9002),
      drpc: port("--auth-drpc-port", flags.authDrpcPort, 9003),
      metrics: number("--metrics-port", flags.metricsPort),
    },
    satellites,
    endpoint: flags.endpoint,
    tokens: tokensOf(flags.authToken ?? env.authToken),
    database,
    connections: number("--auth-connections", flags.authConnections) ?? Math.min(10 * processes, mostConnections),
    store: flags.authStore,
    processes,
    requestsPerMinute: number("--requests-per-minute", flags.requestsPerMinute),
    projectPerMinute: number("--project-per-minute", flags.projectPerMinute) ?? 0,
    projectInfo: flags.projectInfo === true,
    trustedProxies: number("--trusted-proxies", flags.trustedProxies),
    tls: tlsFiles(flags, env),
    logLevel: level,
  };
}

/** Several auth services and gateways share the 100 connections that PostgreSQL has by itself. */
const mostConnections = 30;
/** Unless more are asked for: with two connections each, and the database is busy with less. */
const mostByItself = 16;
const most = 128;

/** A database on the network has room for many; a file has one writer at a time, and other stores may be in memory. */
function processesOf({ processes: text, authStore }: AuthFlags, database: string | undefined): number {
  const shared = authStore === undefined && database !== undefined;
  if (text === undefined) return shared ? Math.min(availableParallelism(), mostByItself) : 1;
  const count = wholeNumber("--processes", text);
  if (count < 1 || count > most) {
    throw new PosternError("invalid-argument", `--processes takes 1 to ${most} processes`);
  }
  if (count > 1 && authStore !== undefined) {
    throw new PosternError(
      "invalid-argument",
      "--processes takes 1 with --auth-store: a store of your own may keep records in the memory of its process",
    );
  }
  return count;
}

/** Several, with commas between, while gateways change from one to the next. */
export function tokensOf(text: string | undefined): readonly string[] | undefined {
  const tokens = text?.split(",").map((token) => token.trim());
  if (tokens?.includes("")) throw new PosternError("invalid-argument", "--auth-token: one of the tokens is empty");
  return tokens;
}

/** The text is not told: it holds a password, maybe in another place than it should. */
export function authDatabase(flags: { readonly authDatabase?: string }, env: Environment): string | undefined {
  const url = flags.authDatabase ?? env.authDatabase;
  if (url === undefined || /^postgres(ql)?:\/\//.test(url)) return url;
  throw new PosternError("invalid-argument", "--auth-database takes a URL postgres://user:password@host:port/database");
}
