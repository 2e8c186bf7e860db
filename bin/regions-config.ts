import { PosternError } from "../core/errors.js";
import { type ServeConfig, type ServeFlags, serveConfig, wholeNumber } from "./config.js";
import type { Environment } from "./env.js";

/** What `postern regions` was told on the command line. */
export interface RegionsFlags
  extends Pick<
    ServeFlags,
    | "dataDir"
    | "ephemeral"
    | "host"
    | "satellitePort"
    | "access"
    | "authToken"
    | "authDatabase"
    | "logLevel"
    | "tlsCert"
    | "tlsKey"
  > {
  readonly count?: string;
  readonly port?: string;
  readonly requestsPerMinute?: string;
}

/** Complete settings of `postern regions`. */
export interface RegionsConfig {
  /** What is as for one gateway: folder, host, satellite, token, settings key, certificates, logs. */
  readonly serve: ServeConfig;
  readonly count: number;
  /** S3 port of the first region; undefined takes free ones. */
  readonly firstPort: number | undefined;
  /** URL "postgres://…". */
  readonly database: string;
  /** Handed on to the auth services. */
  readonly requestsPerMinute: string | undefined;
}

/** From the first port of a region to that of the next. */
export const regionStep = 100;
const mostRegions = 20;

export function regionsConfig(flags: RegionsFlags, env: Environment): RegionsConfig {
  const serve = serveConfig(flags, { ...env, accessKeyId: undefined, secretKey: undefined });
  const database = serve.databases.auth;
  if (database === undefined) {
    throw new PosternError("invalid-argument", "--auth-database postgres://… is needed: regions share it");
  }
  const count = wholeNumber("--count", flags.count ?? "3");
  if (count < 1 || count > mostRegions) {
    throw new PosternError("invalid-argument", `--count takes 1 to ${mostRegions} regions`);
  }
  const port = wholeNumber("--port", flags.port ?? "9000");
  if (flags.requestsPerMinute !== undefined) wholeNumber("--requests-per-minute", flags.requestsPerMinute);
  return {
    serve,
    count,
    firstPort: flags.ephemeral === true && flags.port === undefined ? undefined : port,
    database,
    requestsPerMinute: flags.requestsPerMinute,
  };
}
