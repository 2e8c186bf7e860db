import type { Command } from "commander";
import { PosternError } from "../core/errors.js";
import { createUplink } from "../core/uplink.js";
import { linkshare } from "../frontends/linkshare/index.js";
import { s3 } from "../frontends/s3/index.js";
import { openGrantDatabase } from "../store/knex/open.js";
import { openBucketSettings } from "./bucket-settings.js";
import { type ServeFlags, serveConfig } from "./config.js";
import { openDataDir } from "./data-dir.js";
import { readEnvironment } from "./env.js";
import { configureFrontends } from "./frontends.js";
import { hostFrontends } from "./host.js";
import { createLogger } from "./logger.js";
import { remoteAccess } from "./remote-access.js";
import { runUntilTold } from "./run.js";
import type { Stopper } from "./stopper.js";
import { addTlsOptions, openTls } from "./tls.js";

interface GatewayFlags extends ServeFlags {
  readonly authUrl: readonly string[];
  readonly grpcPort?: string;
}

/** `postern gateway`: S3 alone, with the access keys of an auth service elsewhere, ours or Storj's. */
export function addGatewayCommand(program: Command): void {
  addTlsOptions(program.command("gateway"))
    .description("run the S3 gateway alone, with an auth service that runs elsewhere")
    .requiredOption(
      "--auth-url <url...>",
      "HTTP API of the auth service, Postern's or Storj's; more where one may be away",
    )
    .option("--auth-token <token>", "this gateway's token there (env: POSTERN_AUTH_TOKEN)")
    .option("--data-dir <dir>", "folder for everything that is kept (default: .postern; env: POSTERN_DATA_DIR)")
    .option("--host <address>", "address to listen on (default: 127.0.0.1)")
    .option("--s3-port <port>", "S3 (default: 9000)")
    .option("--link-port <port>", "link sharing too, on this port (default: none)")
    .option("--link-url <url...>", "link sharing's own URLs, the first one for links (default: the host asked for)")
    .option("--link-dns <host:port>", "DNS server, asked over TCP for the sites of users (default: no sites)")
    .option("--auth-database <url>", "PostgreSQL for bucket settings (env: POSTERN_AUTH_DATABASE)")
    .option("--auth-connections <count>", "connections to that PostgreSQL at most (default: 10)")
    .option("--domain <name...>", "domains below which the first labels are a bucket (virtual-host style)")
    .option("--bucket-host <name...>", "host names that are names of buckets; *.example.com is every name below")
    .option("--website-domain <name...>", "domains below which the first labels are a bucket whose website is served")
    .option("--website-host <name...>", "the same, of buckets whose website is served")
    .option("--log-level <level>", "debug, info, warn, error or silent (default: warn; env: POSTERN_LOG_LEVEL)")
    .option("--admin-port <port>", "health and metrics (default: none)")
    .option("--grpc-port <port>", "services that frontends bring, gRPC (default: 9002)")
    .option("--config <file>", "JSON with frontends and options of all")
    .option("--frontend <path-or-package...>", "further frontends; see docs/frontends.md")
    .option("--set <frontend.option=value...>", "options of frontends, such as s3.region=eu1")
    .action((flags: GatewayFlags) =>
      runUntilTold(async (stopper) => {
        const addresses = await start(flags, stopper);
        const lines = addresses.map(([name, address]) => `  ${name.padEnd(11)}${address}\n`);
        return `Postern's S3 gateway is ready.\n${lines.join("")}`;
      }),
    );
}

async function start(flags: GatewayFlags, stopper: Stopper): Promise<[string, string][]> {
  const config = serveConfig({ ...flags, authGrpcPort: flags.grpcPort }, readEnvironment());
  if (config.authToken === undefined) {
    throw new PosternError("invalid-argument", "--auth-token is needed: look-ups of other gateways are refused");
  }
  const builtIns = flags.linkPort === undefined ? [{ plugin: s3 }] : [{ plugin: s3 }, { plugin: linkshare }];
  await configureFrontends(config.frontends, builtIns);
  const access = remoteAccess(flags.authUrl, config.authToken);
  const dir = await openDataDir(config.dataDir);
  stopper.add("data folder", () => dir.release());
  const uplink = createUplink({ userAgent: "Postern-Gateway/0.1.0" });
  stopper.add("uplink", () => uplink.close());
  const db = await openGrantDatabase(
    config.databases.auth ?? dir.file("settings.db"),
    config.databases.authConnections,
  );
  stopper.add("settings database", () => db.destroy());
  const { host, ports } = config;
  const log = createLogger(config.logLevel);
  const tls = await openTls(config.tls, stopper, log);
  const running = await hostFrontends(stopper, {
    frontends: await configureFrontends(config.frontends, builtIns, tls),
    deps: {
      openProject: (grant) => uplink.openProject(grant),
      access,
      settings: await openBucketSettings(config, db, dir),
      log,
    },
    grpc: { host, port: ports.authGrpc, tls },
    admin: ports.admin === undefined ? undefined : { host, port: ports.admin },
  });
  return running.states().flatMap(({ name, addresses }) => {
    return Object.values(addresses).map((address): [string, string] => [name === "s3" ? "S3" : name, address]);
  });
}
