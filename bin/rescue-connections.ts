import type { Worker } from "node:cluster";

/** Messages of node:cluster itself (Node.js lib/internal/cluster/utils.js and round_robin_handle.js). */
interface ClusterMessage {
  readonly act?: string;
  readonly seq?: number;
  readonly ack?: number;
}

interface Handle {
  close(): void;
}

/** How often it is looked whether all has been read that a process wrote before its end, in ms. */
const drainMs = 5;

/**
 * Gives connections that were on their way to a worker when it ended to another. Node.js forgets them, and leaves them open:
 * their clients would wait for an answer for as long as they like to. A worker confirms a connection before it reads from
 * it, so what is not confirmed at its end can be served by another as if nothing had been. If a later Node.js has other
 * messages, nothing is done here. Tried with 20.20.
 */
export function rescueConnections(worker: Worker, othersServe: () => boolean): void {
  const { process: child } = worker;
  const onTheirWay = new Map<number, Handle>();
  const send = child.send.bind(child) as (...args: unknown[]) => boolean;
  child.send = (...args: unknown[]) => {
    const [message, handle] = args as [ClusterMessage, Handle | undefined];
    if (message.act === "newconn" && message.seq !== undefined && handle) onTheirWay.set(message.seq, handle);
    return send(...args);
  };
  child.on("internalMessage", ({ ack }: ClusterMessage) => {
    if (ack !== undefined) onTheirWay.delete(ack);
  });
  // After node:cluster's own listener, which has taken the worker out of the turn.
  let isDisconnected = false;
  child.once("disconnect", () => {
    isDisconnected = true;
    for (const [seq, handle] of [...onTheirWay]) {
      // As a worker says that closes its servers.
      if (othersServe()) child.emit("internalMessage", { cmd: "NODE_CLUSTER", ack: seq, accepted: false });
      else handle.close();
    }
  });
  // The end of a channel on which a connection is on its way is never told (lib/internal/child_process.js, `disconnect`).
  child.once("exit", () => {
    const timer = setInterval(() => {
      if (child.connected) return;
      clearInterval(timer);
      if (!isDisconnected) child.emit("disconnect");
    }, drainMs);
  });
  // Writing to one that has ended; its end is heard by itself.
  worker.on("error", () => {});
}
