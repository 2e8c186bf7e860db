import { resolve } from "node:path";
import { PosternError } from "../core/errors.js";
import type { CertificateFiles } from "../core/index.js";
import { readConfigFile } from "./config-file.js";
import type { Environment } from "./env.js";
import type { FrontendsConfig } from "./frontends.js";
import { type TlsFlags, tlsFiles } from "./tls.js";

/** What `postern serve` was told on the command line; everything may be left out. */
export interface ServeFlags extends TlsFlags {
  readonly dataDir?: string;
  readonly host?: string;
  readonly s3Port?: string;
  readonly authPort?: string;
  readonly authGrpcPort?: string;
  readonly authDrpcPort?: string;
  readonly linkPort?: string;
  readonly linkUrl?: readonly string[];
  readonly linkDns?: string;
  readonly satellitePort?: string;
  readonly ephemeral?: boolean;
  readonly access?: string;
  readonly accessKeyId?: string;
  readonly secretKey?: string;
  readonly authToken?: string;
  readonly domain?: readonly string[];
  readonly bucketHost?: readonly string[];
  readonly websiteDomain?: readonly string[];
  readonly websiteHost?: readonly string[];
  readonly project?: readonly string[];
  readonly logLevel?: string;
  readonly satelliteDatabase?: string;
  readonly authDatabase?: string;
  readonly authConnections?: string;
  readonly adminPort?: string;
  readonly config?: string;
  readonly frontend?: readonly string[];
  readonly set?: readonly string[];
  readonly endpoint?: string;
  readonly projectInfo?: boolean;
  readonly projectPerMinute?: string;
  readonly authStore?: string;
}

export const logLevels = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

/** Complete settings of `postern serve`. Port 0 takes a free one. */
export interface ServeConfig {
  /** Absolute path of the folder that holds everything this server keeps. */
  readonly dataDir: string;
  readonly host: string;
  readonly ports: {
    /** The gRPC server that frontends share. */
    readonly authGrpc: number;
    readonly satellite: number;
    /** Port of the first storage node; the others follow. */
    readonly firstNode: number;
    /** Health and metrics; undefined does not listen. */
    readonly admin: number | undefined;
  };
  readonly frontends: FrontendsConfig;
  /** An access grant for any satellite; undefined runs the embedded network. */
  readonly accessGrant: string | undefined;
  /** S3 credentials that always open `accessGrant`; undefined has the auth service issue some. */
  readonly fixedCredentials: { readonly accessKeyId: string; readonly secretKey: string } | undefined;
  /** Bearer token that gateways show to the auth service; undefined makes one and keeps it. */
  readonly authToken: string | undefined;
  /** 32 bytes that seal what bucket settings keep of access grants; undefined makes some and keeps them. */
  readonly settingsKey: Uint8Array | undefined;
  /** Names of further projects of the embedded network, each with credentials of its own. */
  readonly projects: readonly string[];
  readonly logLevel: LogLevel;
  /** URLs "postgres://…"; SQLite in the data folder where undefined. */
  readonly databases: {
    readonly satellite: string | undefined;
    readonly auth: string | undefined;
    readonly authConnections: number | undefined;
  };
  /** Certificates of all that strangers can reach; in clear where empty. */
  readonly tls: readonly CertificateFiles[];
  /** S3 endpoint URL that is handed out with new credentials; undefined hands out where S3 listens. */
  readonly endpoint: string | undefined;
  /** Whether satellites are asked which project a grant is of. */
  readonly projectInfo: boolean;
  /** Registrations of one project a minute; 0 does not limit. */
  readonly projectPerMinute: number;
  /** Module of a store for the auth service's records, in place of its database. */
  readonly authStore: string | undefined;
}

const defaultPorts = { authGrpc: 9002, satellite: 9010, firstNode: 9011 };
const freePorts = { authGrpc: 0, satellite: 0, firstNode: 0 };

/** Flags win over the environment, the environment over defaults. Throws `invalid-argument` with what to do. */
export function serveConfig(flags: ServeFlags, env: Environment): ServeConfig {
  const ports = flags.ephemeral === true ? freePorts : defaultPorts;
  const accessGrant = flags.access ?? env.accessGrant;
  return {
    dataDir: dataDir(flags, env),
    host: flags.host ?? "127.0.0.1",
    ports: {
      authGrpc: port("--auth-grpc-port", flags.authGrpcPort, ports.authGrpc),
      ...networkPorts(flags.satellitePort, ports),
      admin: flags.adminPort === undefined ? undefined : port("--admin-port", flags.adminPort, 0),
    },
    frontends: frontendsConfig(flags, env),
    accessGrant,
    fixedCredentials: fixedCredentials(
      flags.accessKeyId ?? env.accessKeyId,
      flags.secretKey ?? env.secretKey,
      accessGrant,
    ),
    authToken: flags.authToken ?? env.authToken,
    settingsKey: settingsKey(env.settingsKey),
    projects: projectNames(flags.project ?? [], accessGrant),
    logLevel: logLevel(flags.logLevel ?? env.logLevel ?? "warn"),
    databases: {
      satellite: database("--satellite-database", flags.satelliteDatabase ?? env.satelliteDatabase),
      auth: database("--auth-database", flags.authDatabase ?? env.authDatabase),
      authConnections:
        flags.authConnections === undefined ? undefined : wholeNumber("--auth-connections", flags.authConnections),
    },
    tls: tlsFiles(flags, env),
    endpoint: endpointUrl(flags.endpoint),
    projectInfo: flags.projectInfo === true,
    authStore: flags.authStore,
    projectPerMinute: wholeNumber("--project-per-minute", flags.projectPerMinute ?? "0"),
  };
}

function frontendsConfig(flags: ServeFlags, env: Environment): FrontendsConfig {
  const file = flags.config === undefined ? undefined : readConfigFile(flags.config);
  const portOf = (name: string, text: string | undefined) => (text === undefined ? undefined : port(name, text, 0));
  return {
    plugins: [
      ...(file?.frontends ?? []).map((text) => ({ text, folder: file!.folder })),
      ...(flags.frontend ?? []).map((text) => ({ text, folder: process.cwd() })),
    ],
    sources: {
      set: flags.set ?? [],
      host: flags.host,
      ephemeral: flags.ephemeral === true,
      env,
      file,
      flags: {
        s3: {
          port: portOf("--s3-port", flags.s3Port),
          baseDomains: flags.domain,
          bucketHosts: flags.bucketHost,
          websiteDomains: flags.websiteDomain,
          websiteHosts: flags.websiteHost,
        },
        auth: {
          httpPort: portOf("--auth-port", flags.authPort),
          drpcPort: portOf("--auth-drpc-port", flags.authDrpcPort),
        },
        linkshare: {
          port: portOf("--link-port", flags.linkPort),
          publicUrls: flags.linkUrl,
          dnsServer: flags.linkDns,
        },
      },
    },
  };
}

/** Folder of the network below a data folder. */
export const networkFolder = "network";

/** What `postern network` was told on the command line; everything may be left out. */
export interface NetworkFlags {
  readonly dataDir?: string;
  readonly host?: string;
  readonly satellitePort?: string;
  readonly nodes?: string;
  readonly ephemeral?: boolean;
  readonly satelliteDatabase?: string;
  readonly logLevel?: string;
}

/** Complete settings of `postern network`. Port 0 takes a free one. */
export interface NetworkConfig {
  /** Absolute path of the folder that `postern serve` would use too. */
  readonly dataDir: string;
  readonly host: string;
  readonly ports: { readonly satellite: number; readonly firstNode: number };
  readonly nodes: number;
  readonly database: string | undefined;
  readonly logLevel: LogLevel;
}

export function networkConfig(flags: NetworkFlags, env: Environment): NetworkConfig {
  return {
    dataDir: dataDir(flags, env),
    host: flags.host ?? "127.0.0.1",
    ports: networkPorts(flags.satellitePort, flags.ephemeral === true ? freePorts : defaultPorts),
    nodes: wholeNumber("--nodes", flags.nodes ?? "10"),
    database: database("--satellite-database", flags.satelliteDatabase ?? env.satelliteDatabase),
    logLevel: logLevel(flags.logLevel ?? env.logLevel ?? "warn"),
  };
}

export function dataDir(flags: { readonly dataDir?: string }, env: Environment): string {
  return resolve(flags.dataDir ?? env.dataDir ?? ".postern");
}

export function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new PosternError("invalid-argument", `${name} is a whole number, not "${text}"`);
  return Number(text);
}

function networkPorts(flag: string | undefined, defaults: { satellite: number; firstNode: number }) {
  if (flag === undefined) return { satellite: defaults.satellite, firstNode: defaults.firstNode };
  const satellite = port("--satellite-port", flag, 0);
  return { satellite, firstNode: satellite === 0 ? 0 : satellite + 1 };
}

function port(name: string, text: string | undefined, fallback: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) {
    throw new PosternError("invalid-argument", `${name} takes a port number from 0 to 65535, not "${text}"`);
  }
  return value;
}

/** The text is not told: it holds a password, maybe in another place than it should. */
function database(name: string, url: string | undefined): string | undefined {
  if (url === undefined || /^postgres(ql)?:\/\//.test(url)) return url;
  throw new PosternError("invalid-argument", `${name} takes a URL postgres://user:password@host:port/database`);
}

function fixedCredentials(accessKeyId: string | undefined, secretKey: string | undefined, grant: string | undefined) {
  if (accessKeyId === undefined && secretKey === undefined) return undefined;
  if (accessKeyId === undefined || secretKey === undefined) {
    throw new PosternError("invalid-argument", "--access-key-id and --secret-key go together: give both or neither");
  }
  if (grant === undefined) {
    throw new PosternError("invalid-argument", "--access-key-id and --secret-key need --access GRANT to open");
  }
  return { accessKeyId, secretKey };
}

function settingsKey(text: string | undefined): Uint8Array | undefined {
  if (text === undefined) return undefined;
  const key = Buffer.from(text, "base64");
  if (key.length === 32) return key;
  throw new PosternError("invalid-argument", "POSTERN_SETTINGS_KEY takes the base64 of 32 bytes");
}

function projectNames(names: readonly string[], grant: string | undefined): readonly string[] {
  if (names.length > 0 && grant !== undefined) {
    throw new PosternError("invalid-argument", "--project makes projects of the embedded network; --access has none");
  }
  const wrong = names.find((name) => !/^[a-z0-9][a-z0-9-]{0,31}$/.test(name));
  if (wrong !== undefined) {
    throw new PosternError("invalid-argument", `--project takes lower-case letters, digits and "-", not "${wrong}"`);
  }
  return [...new Set(names)];
}

function endpointUrl(text: string | undefined): string | undefined {
  if (text === undefined || /^https?:\/\//.test(text)) return text;
  throw new PosternError("invalid-argument", "--endpoint takes the http or https URL of the S3 gateway");
}

function logLevel(text: string): LogLevel {
  const level = logLevels.find((known) => known === text);
  if (level === undefined) {
    throw new PosternError("invalid-argument", `--log-level takes ${logLevels.join(", ")}, not "${text}"`);
  }
  return level;
}
