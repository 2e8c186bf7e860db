import type { Command } from "commander";
import { createRemoteAccess } from "../core/auth/remote-access.js";
import { PosternError } from "../core/index.js";
import { createUplink } from "../core/uplink.js";
import { s3Frontend } from "../frontends/s3/index.js";
import { openGrantDatabase } from "../store/knex/open.js";
import { openBucketSettings } from "./bucket-settings.js";
import { type ServeFlags, serveConfig } from "./config.js";
import { openDataDir } from "./data-dir.js";
import { readEnvironment } from "./env.js";
import { createLogger } from "./logger.js";
import { createStopper, type Stopper } from "./stopper.js";

interface GatewayFlags extends ServeFlags {
  readonly authUrl: string;
}

/** `postern gateway`: S3 alone, with the access keys of an auth service elsewhere, ours or Storj's. */
export function addGatewayCommand(program: Command): void {
  program
    .command("gateway")
    .description("run the S3 gateway alone, with an auth service that runs elsewhere")
    .requiredOption("--auth-url <url>", "HTTP API of the auth service, Postern's or Storj's")
    .option("--auth-token <token>", "this gateway's token there (env: POSTERN_AUTH_TOKEN)")
    .option("--data-dir <dir>", "folder for everything that is kept (default: .postern; env: POSTERN_DATA_DIR)")
    .option("--host <address>", "address to listen on (default: 127.0.0.1)")
    .option("--s3-port <port>", "S3 (default: 9000)")
    .option("--auth-database <url>", "PostgreSQL for bucket settings (env: POSTERN_AUTH_DATABASE)")
    .option("--domain <name...>", "domains below which the first labels are a bucket (virtual-host style)")
    .option("--website-domain <name...>", "domains below which the first labels are a bucket whose website is served")
    .option("--log-level <level>", "debug, info, warn, error or silent (default: warn; env: POSTERN_LOG_LEVEL)")
    .action(async (flags: GatewayFlags) => {
      const stopper = createStopper();
      try {
        const address = await start(flags, stopper);
        process.stdout.write(`Postern's S3 gateway is ready.\n  S3      ${address}\n`);
        await stopper.untilTold();
      } finally {
        await stopper.stop();
      }
    });
}

async function start(flags: GatewayFlags, stopper: Stopper): Promise<string> {
  const config = serveConfig(flags, readEnvironment());
  if (config.authToken === undefined) {
    throw new PosternError("invalid-argument", "--auth-token is needed: look-ups of other gateways are refused");
  }
  const access = createRemoteAccess({ url: flags.authUrl, token: config.authToken });
  const dir = await openDataDir(config.dataDir);
  stopper.add("data folder", () => dir.release());
  const uplink = createUplink({ userAgent: "Postern-Gateway/0.1.0" });
  stopper.add("uplink", () => uplink.close());
  const db = await openGrantDatabase(config.databases.auth ?? dir.file("settings.db"));
  stopper.add("settings database", () => db.destroy());
  const s3 = await s3Frontend({
    host: config.host,
    port: config.ports.s3,
    baseDomains: config.domains,
    websiteDomains: config.websiteDomains,
  }).start({
    openProject: (grant) => uplink.openProject(grant),
    access,
    settings: await openBucketSettings(config, db, dir),
    log: createLogger(config.logLevel),
  });
  stopper.add("s3 frontend", () => s3.stop({ graceMs: 3_000 }));
  return s3.addresses["http"]!;
}
