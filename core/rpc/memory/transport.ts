import { abortError, PosternError } from "../../errors.js";
import { type Routes, routesOf } from "../handler.js";
import { within } from "../tcp.js";
import type { BoundService, Connection, RunningServer, Transport } from "../transport.js";
import { createMemoryConnection } from "./connection.js";

export interface MemoryNetwork {
  readonly transport: Transport;
  /** Serves at an address of one's choice; any text. Rejects with `already-exists` when it is taken. */
  serve(address: string, services: readonly BoundService[], options?: MemoryServeOptions): Promise<RunningServer>;
}

export interface MemoryServeOptions {
  /** What handlers see as the caller's certificates; none when absent. */
  peerChain?: readonly Uint8Array[];
  /** Hears of what handlers throw that is no PosternError. */
  onDefect?: (error: unknown, path: string) => void;
}

/** A call as its server keeps it. */
interface RunningCall {
  /** When the handler has returned. */
  readonly finished: Promise<void>;
  cancel(reason: PosternError): void;
}

/** A server as the connections to it know it. */
export interface MemoryServer {
  readonly routes: Routes;
  readonly options: MemoryServeOptions;
  readonly stopping: boolean;
  /** Keeps count of a running call, and cancels it when the server stops. */
  track(call: RunningCall): void;
}

/** Calls within one process: messages are encoded and decoded and senders wait, as on a real network. */
export function createMemoryNetwork(): MemoryNetwork {
  const servers = new Map<string, MemoryServer>();
  return {
    transport: {
      name: "memory",
      callsPerConnection: Number.POSITIVE_INFINITY,
      async dial({ address }, { signal } = {}): Promise<Connection> {
        if (signal?.aborted) throw abortError(signal);
        const server = servers.get(address);
        if (server === undefined) throw new PosternError("unavailable", `nobody serves at ${address}`);
        return createMemoryConnection(server);
      },
    },
    async serve(address, services, options = {}) {
      if (servers.has(address)) throw new PosternError("already-exists", `somebody serves at ${address} already`);
      const calls = new Set<RunningCall>();
      let stopping = false;
      const server: MemoryServer = {
        routes: routesOf(services),
        options,
        get stopping() {
          return stopping;
        },
        track(call) {
          calls.add(call);
          void call.finished.then(() => calls.delete(call));
        },
      };
      servers.set(address, server);
      return {
        address,
        async stop({ graceMs = 0 } = {}) {
          stopping = true;
          if (servers.get(address) === server) servers.delete(address);
          const finished = Promise.all([...calls].map((call) => call.finished));
          if (graceMs > 0) await within(graceMs, finished);
          for (const call of calls) call.cancel(new PosternError("unavailable", "the server is stopping"));
          await finished;
        },
      };
    },
  };
}
