import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { PosternError } from "../core/errors.js";
import type { NetworkNode, RunningNetwork } from "./network.js";
import type { NetworkOptions } from "./options.js";
import { errorOf, type FromNetwork, type RemoteCall, type ToNetwork } from "./process-messages.js";

export interface NetworkProcessOptions extends NetworkOptions {
  /** Hears once when the process ends after it was ready, though nobody stopped it. */
  readonly onExit?: (error: PosternError) => void;
}

/** A network in a process of its own, so that its work does not wait for this process's and the other way round. */
export interface NetworkProcess extends Omit<RunningNetwork, "nodes"> {
  readonly pid: number;
  nodes(): Promise<NetworkNode[]>;
}

/** What the process is given to stop before it is killed. */
const stopTimeoutMs = 10_000;

/** Starts `startNetwork` in a child process. Rejects with what it failed with. */
export async function startNetworkProcess(init: NetworkProcessOptions): Promise<NetworkProcess> {
  const { onProblem, onExit, ...options } = init;
  const child = fork(fileURLToPath(new URL("./process.js", import.meta.url)), [], {
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const calls = new Map<number, { resolve: (value: unknown) => void; reject: (error: unknown) => void }>();
  let nextCall = 0;
  let stopping: Promise<void> | undefined;
  let running = false;

  const ready = new Promise<Extract<FromNetwork, { type: "ready" }>>((resolve, reject) => {
    child.on("message", (message: FromNetwork) => {
      switch (message.type) {
        case "ready":
          resolve(message);
          break;
        case "failed":
          reject(errorOf(message.error));
          break;
        case "reply": {
          const call = calls.get(message.id);
          calls.delete(message.id);
          if (message.error === undefined) call?.resolve(message.value);
          else call?.reject(errorOf(message.error));
          break;
        }
        case "problem":
          onProblem?.(message.message, errorOf(message.error));
          break;
      }
    });
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      const error = new PosternError("unavailable", `the network's process ended (${signal ?? code})`);
      reject(error);
      for (const call of calls.values()) call.reject(error);
      calls.clear();
      if (running && stopping === undefined) onExit?.(error);
    });
  });

  // A message that can not be sent is one to a process that has ended, which everyone who waits hears of.
  const send = (message: ToNetwork) => child.send(message, () => {});
  const call = (name: RemoteCall, ...args: readonly unknown[]) =>
    new Promise<unknown>((resolve, reject) => {
      if (!child.connected) return reject(new PosternError("unavailable", "the network's process has ended"));
      const id = nextCall++;
      calls.set(id, { resolve, reject });
      send({ type: "call", id, name, args });
    });
  const stop = () => {
    stopping ??= stopChild(child);
    return stopping;
  };

  send({ type: "start", options });
  try {
    const { nodeUrl, nodeId, address } = await ready;
    running = true;
    return {
      pid: child.pid!,
      nodeUrl,
      nodeId,
      address,
      createProject: (...args) => call("createProject", ...args) as ReturnType<RunningNetwork["createProject"]>,
      listProjects: () => call("listProjects") as ReturnType<RunningNetwork["listProjects"]>,
      createApiKey: (...args) => call("createApiKey", ...args) as Promise<string>,
      addLicense: async (...args) => void (await call("addLicense", ...args)),
      nodes: () => call("nodes") as Promise<NetworkNode[]>,
      setEdgeUrls: async (urls) => void (await call("setEdgeUrls", urls)),
      stopNode: async (...args) => void (await call("stopNode", ...args)),
      startNode: async (index) => void (await call("startNode", index)),
      addNode: () => call("addNode") as Promise<number>,
      removeNode: async (index) => void (await call("removeNode", index)),
      repair: () => call("repair") as ReturnType<RunningNetwork["repair"]>,
      collectGarbage: () => call("collectGarbage") as ReturnType<RunningNetwork["collectGarbage"]>,
      audit: (...args) => call("audit", ...args) as ReturnType<RunningNetwork["audit"]>,
      health: () => call("health") as ReturnType<RunningNetwork["health"]>,
      usage: (...args) => call("usage", ...args) as ReturnType<RunningNetwork["usage"]>,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function stopChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  if (child.connected) child.send({ type: "stop" } satisfies ToNetwork, () => {});
  const timer = setTimeout(() => child.kill("SIGKILL"), stopTimeoutMs);
  await exited;
  clearTimeout(timer);
}
