import { toHex } from "../../../core/bytes/bytes.js";
import { nodeIdText } from "../../../core/identity/node-id.js";
import { statusOfError } from "../../../core/rpc/status.js";
import type { Transport } from "../../../core/rpc/transport.js";
import { ContactDefinition } from "../../../proto/gen/contact.js";
import { microsOfMillis } from "../data/times.js";
import type { SatelliteTimes } from "../options.js";
import type { NodeDirectory } from "./directory.js";

/** Pings that run at a time. */
const concurrency = 8;

export interface PingResult {
  readonly success: boolean;
  /** Why not; empty on success. */
  readonly message: string;
}

export interface Pinger {
  /** Dials the node anew and asks whether it is there. Does not throw. */
  ping(nodeId: Uint8Array, address: string): Promise<PingResult>;
  /** Pings a node that is known and notes the answer. */
  check(nodeId: Uint8Array): Promise<boolean>;
  /** Pings a node soon whose behaviour raises doubt, and notes the answer; seldom for the same node. */
  suspect(nodeId: Uint8Array): void;
  /** Pings nodes that were silent for a while. */
  start(): void;
  /** Stops pinging and waits for what is under way. */
  stop(): Promise<void>;
}

export function createPinger(
  transport: Transport,
  directory: NodeDirectory,
  times: SatelliteTimes,
  now: () => number,
): Pinger {
  const stopped = new AbortController();
  const asked = new Map<string, number>();
  const running = new Set<Promise<void>>();
  let timer: NodeJS.Timeout | undefined;

  async function ping(nodeId: Uint8Array, address: string): Promise<PingResult> {
    const signal = AbortSignal.any([stopped.signal, AbortSignal.timeout(times.pingTimeoutMs)]);
    try {
      const connection = await transport.dial({ address, nodeId }, { signal, timeoutMs: times.pingTimeoutMs });
      try {
        await connection.unary(ContactDefinition, ContactDefinition.methods.pingNode, {}, { signal });
        return { success: true, message: "" };
      } catch (error) {
        const { status, message } = statusOfError(error);
        return {
          success: false,
          message: `failed to ping storage node, your node indicated error code: ${status}, "${message}"`,
        };
      } finally {
        await connection.close();
      }
    } catch (error) {
      const text = statusOfError(error).message;
      return {
        success: false,
        message: `failed to dial storage node (ID: ${nodeIdText(nodeId)}) at address ${address}: "${text}"`,
      };
    }
  }

  async function check(nodeId: Uint8Array): Promise<boolean> {
    const node = directory.get(nodeId);
    if (node === undefined) return false;
    // Twice, so that one lost packet or busy moment does not take a node out of use.
    const success = (await ping(node.id, node.address)).success || (await ping(node.id, node.address)).success;
    if (!stopped.signal.aborted) await directory.contact(node.id, success);
    return success;
  }

  function launch(nodeId: Uint8Array): boolean {
    if (stopped.signal.aborted || running.size >= concurrency) return false;
    asked.set(toHex(nodeId), now());
    // A failed note of a ping is made up for by the next.
    const one = check(nodeId).then(
      () => {},
      () => {},
    );
    running.add(one);
    one.finally(() => running.delete(one));
    return true;
  }

  async function round(): Promise<void> {
    const due = microsOfMillis(now() - times.pingIntervalMs);
    for (const node of directory.all()) {
      if (Math.max(node.lastContactSuccess, node.lastContactFailure) > due) continue;
      while (!launch(node.id) && !stopped.signal.aborted) await Promise.race(running);
    }
  }

  return {
    ping,
    check,
    suspect(nodeId) {
      const last = asked.get(toHex(nodeId)) ?? 0;
      if (now() - last >= Math.min(times.pingTimeoutMs, 5_000)) launch(nodeId);
    },
    start() {
      if (times.pingIntervalMs === 0) return;
      let busy = false;
      timer = setInterval(() => {
        if (busy) return;
        busy = true;
        round().finally(() => {
          busy = false;
        });
      }, times.pingIntervalMs / 2).unref();
    },
    async stop() {
      clearInterval(timer);
      stopped.abort();
      await Promise.all(running);
    },
  };
}
