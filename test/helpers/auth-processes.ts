import { readFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import type { Socket } from "node:net";
import { join } from "node:path";
import type { ExecutionContext } from "ava";
import { type RunningCommand, runningCommand } from "./postern-command.js";
import { postgresSchema } from "./postgres.js";
import { tempDir } from "./temp-dir.js";
import { until } from "./until.js";

export const satellite = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S@127.0.0.1:7777";

export interface AuthProcesses extends RunningCommand {
  readonly dir: string;
  readonly database: string;
  readonly token: string;
  readonly grpc: string;
  readonly drpc: string;
  readonly metrics: string;
  /** Process ids of those that serve. */
  workers(): Promise<number[]>;
  /** Kills one of them, and waits until there is another in its place; `meanwhile` runs before that. */
  kill(pid: number, meanwhile?: () => Promise<void>): Promise<void>;
}

/**
 * `postern auth` as a user runs it, with secrets in the environment; on a schema of its own, or another database, or on
 * SQLite where that is "".
 */
export async function startAuthProcesses(
  t: ExecutionContext,
  args: readonly string[] = [],
  otherDatabase?: string,
): Promise<AuthProcesses> {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const database = otherDatabase ?? (await postgresSchema(t));
  const token = "token-of-the-gateways";
  const running = await runningCommand(
    t,
    [
      ...["auth", "--ephemeral", "--data-dir", dir.path, "--satellite", satellite, "--endpoint", "https://s3.example"],
      ...["--metrics-port", "0", "--log-level", "debug", "--processes", "2", ...args],
    ],
    { env: { POSTERN_AUTH_DATABASE: database, POSTERN_AUTH_TOKEN: token }, ownGroup: true },
  );
  const at = (purpose: string) => new RegExp(`^ +${purpose} +(\\S+)$`, "m").exec(running.output.text)![1]!;
  const workers = () => childrenOf(running.pid);
  return {
    ...running,
    ...{ dir: dir.path, database, token, workers },
    ...{ grpc: at("grpc"), drpc: at("drpc"), metrics: at("metrics") },
    async kill(pid, meanwhile) {
      const ready = () => running.output.text.split("runs again").length;
      const before = ready();
      process.kill(pid, "SIGKILL");
      await meanwhile?.();
      await until(() => ready() > before);
    },
  };
}

export async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(join("/proc", String(pid), "task", String(pid), "children"), "utf8").catch(() => "");
  return text.trim().split(" ").filter(Boolean).map(Number);
}

export function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

export interface Reply {
  readonly status: number;
  readonly text: string;
  readonly retryAfter: number;
}

/** One client with one connection, which it makes anew when it has broken. */
export interface OneConnection {
  post(accessGrant: string): Promise<Reply>;
  get(path: string, token: string): Promise<Reply>;
  /** Whether the connection of the last request is still open. */
  readonly isOpen: boolean;
}

export function oneConnection(t: ExecutionContext, url: string): OneConnection {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.teardown(() => agent.destroy());
  let last: Socket | undefined;
  const call = (method: string, path: string, headers: Record<string, string>, body?: string): Promise<Reply> =>
    new Promise((resolve, reject) => {
      const asking = request(`${url}${path}`, { method, agent, headers }, (reply) => {
        let text = "";
        reply.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
        reply.on("error", reject);
        reply.on("end", () =>
          resolve({ status: reply.statusCode!, text, retryAfter: Number(reply.headers["retry-after"] ?? 0) }),
        );
      });
      asking.on("socket", (socket) => {
        last = socket;
      });
      asking.on("error", reject);
      asking.end(body);
    });
  return {
    post: (accessGrant) => call("POST", "/v1/access", {}, JSON.stringify({ access_grant: accessGrant, public: false })),
    get: (path, token) => call("GET", path, { Authorization: `Bearer ${token}` }),
    get isOpen() {
      return last !== undefined && !last.destroyed;
    },
  };
}
