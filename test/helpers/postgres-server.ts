import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { chmod, chown, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { orKilled } from "./or-killed.js";
import { mustRun } from "./run-program.js";

/** A server, or why there is none. */
export type PostgresServer = { readonly url: string } | { readonly missing: string };

/** A server of one test's own, which it may stop as often as it likes. */
export interface OwnPostgresServer {
  readonly url: string;
  /** "immediate" is a crash: connections break, and nothing is written that was not. */
  stop(mode: "fast" | "immediate"): Promise<void>;
  start(): Promise<void>;
  /** Ends it for good and removes its folder. */
  close(): Promise<void>;
}

const debianFolder = "/usr/lib/postgresql";

/** Durability is not what is tested, and a test has its own schema, so there are many connections. */
const settings = [
  "listen_addresses=",
  "fsync=off",
  "full_page_writes=off",
  "synchronous_commit=off",
  "autovacuum=off",
  "jit=off",
  "max_connections=400",
  "shared_buffers=64MB",
];

/**
 * Starts a PostgreSQL server in a temporary folder, reached by a socket in it. It ends, and the folder goes, with this
 * process in whatever way that ends. Only for one process of a test run: see postgres-worker.ts.
 */
export async function startPostgresServer(): Promise<PostgresServer> {
  const server = await launch(settings);
  return "missing" in server ? server : { url: server.url };
}

/** As `startPostgresServer`, but what it has committed is there after a crash of the server. */
export function startOwnPostgresServer(): Promise<OwnPostgresServer | { readonly missing: string }> {
  return launch([...settings, "synchronous_commit=on"]);
}

async function launch(options: readonly string[]): Promise<OwnPostgresServer | { readonly missing: string }> {
  const bin = binaries();
  const user = serverUser();
  if (bin === undefined || user === undefined) return { missing: whyNoServer()! };
  const dir = await mkdtemp(join(tmpdir(), "postern-postgres-"));
  if (user.ids !== undefined) await chown(dir, ...user.ids);
  await chmod(dir, 0o700);
  const as = (program: string, ...args: string[]) => [
    ...user.command,
    join(bin, program),
    "-D",
    join(dir, "data"),
    ...args,
  ];
  const [initdb, ...initArgs] = as("initdb", "-U", "postern", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync");
  await mustRun(initdb!, initArgs, { cwd: dir });
  const flags = [`unix_socket_directories=${dir}`, ...options].map((setting) => `-c ${setting}`).join(" ");
  const start = as("pg_ctl", "-s", "-w", "-l", join(dir, "log"), "-o", flags, "start");
  const stop = as("pg_ctl", "-s", "-m", "immediate", "stop");
  const keeper = spawn(
    "sh",
    ["-c", `${quoted(start)} || exit 1; echo ready; cat >/dev/null; ${quoted(stop)}; rm -rf ${quoted([dir])}`],
    { cwd: dir, detached: true, stdio: ["pipe", "pipe", "inherit"] },
  );
  const ended = once(keeper, "exit");
  const [first] = (await Promise.race([once(keeper.stdout, "data"), ended.then(() => [""])])) as [string];
  if (String(first).trim() !== "ready") throw new Error(`PostgreSQL did not start: see ${join(dir, "log")}`);
  // Its input is what tells it that this process is there; it must not keep this process.
  keeper.unref();
  for (const stream of [keeper.stdin, keeper.stdout]) (stream as unknown as { unref(): void }).unref();
  const control = async ([program, ...args]: readonly string[]) => void (await mustRun(program!, args, { cwd: dir }));
  return {
    url: `postgres://postern@/postgres?host=${encodeURIComponent(dir)}`,
    stop: (mode) => control(as("pg_ctl", "-s", "-w", "-m", mode, "stop")),
    start: () => control(start),
    async close() {
      keeper.ref();
      keeper.stdin.end();
      await orKilled(keeper, "the end of a PostgreSQL server", ended);
    },
  };
}

/** Why there can be no server, or undefined. */
export function whyNoServer(): string | undefined {
  if (binaries() === undefined) return "PostgreSQL is not installed";
  if (serverUser() === undefined) return "PostgreSQL does not run as root, and there is no other user to run it";
  return undefined;
}

function binaries(): string | undefined {
  const versions = existsSync(debianFolder) ? readdirSync(debianFolder) : [];
  const newestFirst = versions
    .map(Number)
    .filter(Number.isInteger)
    .sort((a, b) => b - a);
  const found = newestFirst.map((version) => join(debianFolder, String(version), "bin"));
  const configured = spawnSync("pg_config", ["--bindir"], { encoding: "utf8" });
  if (configured.status === 0) found.push(configured.stdout.trim());
  return found.find((dir) => ["initdb", "pg_ctl", "postgres"].every((program) => existsSync(join(dir, program))));
}

/** PostgreSQL refuses to run as root. */
function serverUser(): { readonly command: readonly string[]; readonly ids?: readonly [number, number] } | undefined {
  if (process.getuid?.() !== 0) return { command: [] };
  for (const name of ["postgres", "nobody"]) {
    const [uid, gid] = ["-u", "-g"].map((what) => spawnSync("id", [what, name], { encoding: "utf8" }));
    if (uid?.status !== 0 || gid?.status !== 0) continue;
    const ids = [Number(uid.stdout), Number(gid.stdout)] as const;
    const command = ["setpriv", `--reuid=${ids[0]}`, `--regid=${ids[1]}`, "--clear-groups"];
    if (spawnSync(command[0]!, [...command.slice(1), "true"]).status === 0) return { command, ids };
  }
  return undefined;
}

function quoted(args: readonly string[]): string {
  return args.map((arg) => `'${arg.replaceAll("'", `'\\''`)}'`).join(" ");
}
