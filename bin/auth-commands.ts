import type { Command } from "commander";
import { type AuthFlags, authConfig } from "./auth-config.js";
import { addRecordsCommands } from "./auth-records.js";
import { readEnvironment } from "./env.js";
import { refuseOperands } from "./operands.js";
import { addTlsOptions } from "./tls.js";

/** `postern auth`, and what administrators do to its records. */
export function addAuthCommands(program: Command): void {
  const auth = refuseOperands(addTlsOptions(program.command("auth")))
    .description("run the auth service alone, or administer its records")
    .option("--data-dir <dir>", "folder for everything that is kept (default: .postern; env: POSTERN_DATA_DIR)")
    .option("--ephemeral", "take free ports for everything")
    .option("--host <address>", "address to listen on (default: 127.0.0.1)")
    .option("--auth-port <port>", "HTTP (default: 9001)")
    .option("--auth-grpc-port <port>", "gRPC (default: 9002)")
    .option("--auth-drpc-port <port>", "DRPC (default: 9003; the uplink CLI expects 7777)")
    .option("--metrics-port <port>", "GET /metrics for Prometheus (default: none)")
    .option("--satellite <url...>", "whose grants may be registered: node URLs, or http, https and file URLs of lists")
    .option("--endpoint <url>", "S3 endpoint that is handed out with new credentials")
    .option(
      "--auth-token <token>",
      "token of gateways that look keys up; several with commas (env: POSTERN_AUTH_TOKEN)",
    )
    .option("--auth-database <url>", "PostgreSQL for the records (env: POSTERN_AUTH_DATABASE)")
    .option(
      "--auth-connections <count>",
      "connections to that PostgreSQL at most, of all processes (default: 10 for each, but no more than 30)",
    )
    .option("--auth-store <path-or-package>", "a store of your own for the records; see docs/auth.md")
    .option(
      "--processes <count>",
      "that serve on the same ports (default: with --auth-database as many as processors, 16 at most; else 1)",
    )
    .option("--requests-per-minute <count>", "of one client's address; 0 does not limit (default: 600)")
    .option("--project-per-minute <count>", "registrations of one project; 0 does not limit (default: 0)")
    .option("--project-info", "ask the satellite which project a grant is of, else its API key stands for it")
    .option("--trusted-proxies <count>", "proxies in front whose X-Forwarded-For is believed (default: 0)")
    .option("--log-level <level>", "debug, info, warn, error or silent (default: warn; env: POSTERN_LOG_LEVEL)")
    .action(async (flags: AuthFlags) => {
      const { serveAuth } = await import("./auth-serve.js");
      return serveAuth(authConfig(flags, readEnvironment()));
    });
  addRecordsCommands(auth);
}
