import { toHex } from "../bytes/bytes.js";
import { abortError, PosternError } from "../errors.js";
import type { Caller } from "./client.js";
import { pooledCaller } from "./pooled-caller.js";
import type { Connection, ConnectionSource, DialOptions, Lease, Target, Transport } from "./transport.js";

export interface PoolOptions {
  transport: Transport;
  /** Connections kept open while nobody uses them, in all; 100 when absent (storj/common rpc/dial.go). */
  capacity?: number;
  /** The same for one peer; 5 when absent. */
  perPeer?: number;
  /** Milliseconds an unused connection is kept; 120 000 when absent. */
  idleMs?: number;
  /** Open connections in all, in use or not; 1 000 when absent. Callers beyond wait. */
  maxConnections?: number;
  /** Callers that may wait for a connection; more fail with `resource-exhausted`. 1 000 when absent. */
  maxWaiting?: number;
  /** Milliseconds for a dial, and for the wait before it; 10 000 when absent. */
  dialTimeoutMs?: number;
}

export interface PoolStats {
  /** Open or being dialled. */
  readonly connections: number;
  /** Open and unused. */
  readonly idle: number;
  /** Callers that wait for a connection. */
  readonly waiting: number;
}

export interface Pool extends ConnectionSource {
  /**
   * Calls to one peer, each on a connection of its own or with others, as the transport allows. Streams must be read
   * to their end or cancelled: that gives their connection back.
   */
  caller(target: Target): Caller;
  stats(): PoolStats;
  /** Closes all connections; running calls fail with `unavailable`. */
  close(): Promise<void>;
}

interface Entry {
  readonly key: string;
  readonly connection: Connection;
  calls: number;
}

/**
 * Keeps connections for the next call. `capacity` and `perPeer` bound what is kept, not what is used, as in Go: a limit
 * on connections in use per peer would let two uploads wait for each other's peers for ever.
 */
export function createPool(options: PoolOptions): Pool {
  const { transport, capacity = 100, perPeer = 5, idleMs = 120_000 } = options;
  const { maxConnections = 1_000, maxWaiting = 1_000, dialTimeoutMs = 10_000 } = options;
  const entries = new Set<Entry>();
  // Unused entries with the time they became so, the oldest first.
  const idle = new Map<Entry, number>();
  // Dials under way that others may share: only where a connection carries many calls.
  const shared = new Map<string, Promise<Entry>>();
  const waiters: (() => void)[] = [];
  let dialling = 0;
  let sweeper: NodeJS.Timeout | undefined;
  let closed = false;

  function drop(entry: Entry): void {
    idle.delete(entry);
    if (!entries.delete(entry)) return;
    entry.connection.close().catch(() => {}); // It is of no use any more, however it ends.
    waiters.shift()?.();
  }

  function usable(key: string): Entry | undefined {
    // The newest first: the peer is least likely to have closed it.
    let found: Entry | undefined;
    for (const entry of transport.callsPerConnection === 1 ? idle.keys() : entries) {
      if (entry.key !== key || entry.calls >= transport.callsPerConnection) continue;
      if (entry.connection.closed) drop(entry);
      else found = entry;
    }
    return found;
  }

  async function dial(key: string, target: Target, dialOptions: DialOptions): Promise<Entry> {
    dialling++;
    try {
      const connection = await transport.dial(target, dialOptions);
      const entry = { key, connection, calls: 0 };
      entries.add(entry);
      if (closed) {
        drop(entry);
        throw closedError();
      }
      return entry;
    } catch (error) {
      waiters.shift()?.();
      throw error;
    } finally {
      dialling--;
    }
  }

  function dialShared(key: string, target: Target): Promise<Entry> {
    let dialled = shared.get(key);
    if (dialled === undefined) {
      // Not bound to the signal of the first caller: others wait for it too.
      dialled = dial(key, target, { timeoutMs: dialTimeoutMs }).finally(() => shared.delete(key));
      shared.set(key, dialled);
    }
    return dialled;
  }

  function lease(entry: Entry): Lease {
    idle.delete(entry);
    entry.calls++;
    let released = false;
    return {
      connection: entry.connection,
      release() {
        if (released) return;
        released = true;
        entry.calls--;
        if (entry.connection.closed || closed) return drop(entry);
        if (entry.calls === 0) keep(entry);
        waiters.shift()?.();
      },
    };
  }

  function keep(entry: Entry): void {
    idle.set(entry, performance.now());
    const ofPeer = [...idle.keys()].filter((one) => one.key === entry.key);
    if (ofPeer.length > perPeer) drop(ofPeer[0]!);
    if (idle.size > capacity) drop(idle.keys().next().value!);
    sweeper ??= setTimeout(sweep, idleMs).unref();
  }

  function sweep(): void {
    sweeper = undefined;
    const now = performance.now();
    for (const [entry, since] of idle) if (entry.connection.closed || now - since >= idleMs) drop(entry);
    const oldest = idle.values().next().value;
    if (oldest !== undefined) sweeper = setTimeout(sweep, Math.max(1, oldest + idleMs - now)).unref();
  }

  function turn({ signal }: DialOptions, timeoutMs: number): Promise<void> {
    if (waiters.length >= maxWaiting) {
      throw new PosternError("resource-exhausted", "too many callers wait for a connection");
    }
    return new Promise((resolve, reject) => {
      const settle = (error?: PosternError) => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", onAbort);
        const at = waiters.indexOf(wake);
        if (at >= 0) waiters.splice(at, 1);
        if (error === undefined) resolve();
        else reject(error);
      };
      const wake = () => settle();
      const onAbort = () => settle(abortError(signal!));
      const timer = setTimeout(() => {
        settle(new PosternError("unavailable", "no connection became free in time"));
      }, timeoutMs);
      signal?.addEventListener("abort", onAbort);
      waiters.push(wake);
    });
  }

  const pool: Pool = {
    async acquire(target, dialOptions = {}) {
      const key = `${target.nodeId === undefined ? "" : toHex(target.nodeId)}@${target.address}`;
      const timeoutMs = Math.min(dialTimeoutMs, dialOptions.timeoutMs ?? dialTimeoutMs);
      const { signal } = dialOptions;
      for (;;) {
        if (closed) throw closedError();
        if (signal?.aborted) {
          waiters.shift()?.(); // if it was this one's turn, that passes on
          throw abortError(signal);
        }
        const entry = usable(key);
        if (entry !== undefined) return lease(entry);
        if (shared.has(key)) {
          await unlessAborted(dialShared(key, target), signal);
          continue;
        }
        if (entries.size + dialling >= maxConnections && idle.size > 0) drop(idle.keys().next().value!);
        if (entries.size + dialling >= maxConnections) {
          await turn(dialOptions, timeoutMs);
          continue;
        }
        if (transport.callsPerConnection === 1) return lease(await dial(key, target, { signal, timeoutMs }));
        return lease(await unlessAborted(dialShared(key, target), signal));
      }
    },
    caller: (target) => pooledCaller(pool, target),
    stats: () => ({ connections: entries.size + dialling, idle: idle.size, waiting: waiters.length }),
    async close() {
      closed = true;
      clearTimeout(sweeper);
      const all = [...entries];
      entries.clear();
      idle.clear();
      for (const wake of waiters.splice(0)) wake();
      await Promise.allSettled(all.map((entry) => entry.connection.close()));
    },
  };
  return pool;
}

function closedError(): PosternError {
  return new PosternError("unavailable", "the pool is closed");
}

/** The shared work goes on; only this caller leaves. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(abortError(signal));
    signal.addEventListener("abort", onAbort);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
