#!/usr/bin/env node
import { Command, CommanderError } from "commander";
import { collectLessOften } from "../core/collector.js";
import { type ServeFlags, serveConfig } from "./config.js";
import { readEnvironment, widenThreadPool } from "./env.js";
import { exitLine } from "./exit-line.js";
import { refuseOperands } from "./operands.js";
import { addTlsOptions } from "./tls.js";

widenThreadPool();
collectLessOften();

const program = new Command("postern")
  .description("A Storj-compatible S3 gateway, with a network of its own to try it on.")
  .version("0.1.0")
  .exitOverride()
  .configureOutput({ outputError: (text, write) => write(text) });

refuseOperands(addTlsOptions(program.command("serve", { isDefault: true })))
  .description(
    "run the S3 gateway, link sharing and the auth service, on the embedded network unless --access is given",
  )
  .option("--data-dir <dir>", "folder for everything that is kept (default: .postern; env: POSTERN_DATA_DIR)")
  .option("--ephemeral", "take free ports for everything")
  .option("--host <address>", "address to listen on (default: 127.0.0.1)")
  .option("--s3-port <port>", "S3 (default: 9000)")
  .option("--auth-port <port>", "auth service, HTTP (default: 9001)")
  .option("--auth-grpc-port <port>", "auth service and what else frontends bring, gRPC (default: 9002)")
  .option("--auth-drpc-port <port>", "auth service, DRPC (default: 9003; the uplink CLI expects 7777)")
  .option("--link-port <port>", "link sharing (default: 9004)")
  .option("--link-url <url...>", "link sharing's own URLs, the first one for links (default: the host asked for)")
  .option("--link-dns <host:port>", "DNS server, asked over TCP for the sites of users (default: no sites)")
  .option("--satellite-port <port>", "embedded satellite; storage nodes take the ports after it (default: 9010)")
  .option("--access <grant>", "access grant for any satellite, in place of the embedded network (env: POSTERN_ACCESS)")
  .option("--access-key-id <id>", "fixed S3 credentials for --access (env: POSTERN_ACCESS_KEY_ID)")
  .option("--secret-key <key>", "the secret of --access-key-id (env: POSTERN_SECRET_KEY)")
  .option("--auth-token <token>", "token of other gateways that use this auth service (env: POSTERN_AUTH_TOKEN)")
  .option("--endpoint <url>", "S3 endpoint that is handed out with new credentials (default: where S3 listens)")
  .option(
    "--project-info",
    "ask the satellite which project a grant is of when it is registered, else its API key stands for it",
  )
  .option("--project-per-minute <count>", "registrations of one project; 0 does not limit (default: 0)")
  .option("--domain <name...>", "domains below which the first labels are a bucket (virtual-host style)")
  .option("--bucket-host <name...>", "host names that are names of buckets; *.example.com is every name below")
  .option("--website-domain <name...>", "domains below which the first labels are a bucket whose website is served")
  .option("--website-host <name...>", "the same, of buckets whose website is served")
  .option(
    "--project <name...>",
    "further projects of the embedded network, with credentials of their own in ready.json",
  )
  .option("--satellite-database <url>", "PostgreSQL for the embedded satellite (env: POSTERN_SATELLITE_DATABASE)")
  .option("--auth-database <url>", "PostgreSQL for the auth service's records (env: POSTERN_AUTH_DATABASE)")
  .option("--auth-connections <count>", "connections to that PostgreSQL at most (default: 10)")
  .option("--auth-store <path-or-package>", "a store of your own for the records; see docs/auth.md")
  .option("--log-level <level>", "debug, info, warn, error or silent (default: warn; env: POSTERN_LOG_LEVEL)")
  .option("--admin-port <port>", "GET /health/live, /health/ready and /metrics (default: none)")
  .option("--config <file>", "JSON with frontends and options of all")
  .option("--frontend <path-or-package...>", "further frontends; see docs/frontends.md")
  .option("--set <frontend.option=value...>", "options of frontends, such as s3.region=eu1")
  .option("--list", "say which frontends there are, where they listen, and their options; start nothing")
  .action(async (flags: ServeFlags & { readonly list?: boolean }) => {
    const config = serveConfig(flags, readEnvironment());
    const { listFrontends, serve } = await import("./serve.js");
    return flags.list === true ? listFrontends(config) : serve(config);
  });

/** What a command does not need is not loaded: all of it takes a processor more than a second. */
const groups: Readonly<Record<string, () => Promise<(program: Command) => void>>> = {
  network: async () => (await import("./network-commands.js")).addNetworkCommands,
  auth: async () => (await import("./auth-commands.js")).addAuthCommands,
  gateway: async () => (await import("./gateway.js")).addGatewayCommand,
  regions: async () => (await import("./regions.js")).addRegionsCommand,
};
const asked = process.argv[2] ?? "serve";
const isServe = asked === "serve" || (asked.startsWith("-") && !/^-(h|-help)$/.test(asked));

try {
  for (const [name, load] of Object.entries(groups)) {
    if (name === asked || !(isServe || Object.hasOwn(groups, asked))) (await load())(program);
  }
  await program.parseAsync();
} catch (error) {
  // Commander has said what it has to say.
  if (error instanceof CommanderError) process.exitCode = error.exitCode;
  else {
    process.stderr.write(`postern: ${exitLine(error)}\n`);
    process.exitCode = 1;
  }
}
