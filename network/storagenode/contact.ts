import { PosternError } from "../../core/errors.js";
import { verifyChain } from "../../core/identity/chain.js";
import { RpcStatus, rpcError } from "../../core/rpc/status.js";
import { type BoundService, bindService, type Transport } from "../../core/rpc/transport.js";
import { CheckInRequest, ContactDefinition, NodeDefinition } from "../../proto/gen/contact.js";
import type { Trust, TrustedSatellite } from "./trust.js";

/** contact.Contact: satellites see whether the node is up (storj/storj storagenode/contact/endpoint.go). */
export function contactService(trust: Trust, onPing: () => void): BoundService {
  return bindService(ContactDefinition, {
    async pingNode(_request, { peerChain }) {
      // Without identities (a transport of tests) everyone is as good as a satellite; a ping changes nothing.
      if (peerChain !== undefined && trust.find(verifyChain(peerChain).nodeId) === undefined) {
        throw rpcError(RpcStatus.Unauthenticated, "trust: satellite is untrusted");
      }
      onPing();
      return {};
    },
  });
}

/** What the node tells a satellite of itself. */
export interface NodeSelf {
  /** "host:port" where the satellite and its uplinks reach the node. */
  readonly address: string;
  /** Semantic version with a leading "v"; satellites refuse nodes older than they are set to. */
  readonly version: string;
  readonly email: string;
  readonly wallet: string;
}

export interface CheckInOptions {
  readonly trust: Trust;
  readonly transport: Transport;
  readonly self: NodeSelf;
  readonly availableSpace: () => Promise<number>;
  /** Milliseconds between check-ins; the real node's is an hour. */
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** Milliseconds between check-ins that come because space changed (storj/storj storagenode/monitor). */
  readonly spaceIntervalMs: number;
  readonly onResult: (satellite: TrustedSatellite, error: unknown) => void;
}

export interface CheckIns {
  /** Tells all satellites now. Rejects with what the first that failed said. */
  now(): Promise<void>;
  /** There is little space, or more again: satellites hear so at once, unless they did not long ago. */
  spaceChanged(): void;
  stop(): Promise<void>;
}

const firstRetryMs = 1000;

/**
 * Checks in with each satellite now and then, sooner after a failure: 1 s, 2 s, 4 s … up to the interval.
 * Source: storj/storj storagenode/contact/service.go.
 */
export function createCheckIns(options: CheckInOptions): CheckIns {
  const { trust, intervalMs, onResult } = options;
  const stopped = new AbortController();
  const timers = new Map<TrustedSatellite, NodeJS.Timeout>();
  const running = new Set<Promise<void>>();
  let cooling: NodeJS.Timeout | undefined;

  async function round(satellite: TrustedSatellite, retryMs: number): Promise<void> {
    let error: unknown;
    try {
      await checkIn(satellite, options, stopped.signal);
    } catch (caught) {
      error = caught;
    }
    if (stopped.signal.aborted) return;
    onResult(satellite, error);
    const waitMs = error === undefined ? intervalMs : Math.min(retryMs, intervalMs);
    const next = error === undefined ? firstRetryMs : retryMs * 2;
    clearTimeout(timers.get(satellite));
    timers.set(satellite, setTimeout(() => void track(round(satellite, next)).catch(() => undefined), waitMs).unref());
    if (error !== undefined) throw error;
  }

  function track(promise: Promise<void>): Promise<void> {
    running.add(promise);
    const over = () => running.delete(promise);
    promise.then(over, over);
    return promise;
  }

  async function now(): Promise<void> {
    const results = await Promise.allSettled(trust.satellites.map((one) => track(round(one, firstRetryMs))));
    for (const result of results) if (result.status === "rejected") throw result.reason;
  }

  return {
    now,
    spaceChanged() {
      if (cooling !== undefined || stopped.signal.aborted) return;
      cooling = setTimeout(() => {
        cooling = undefined;
      }, options.spaceIntervalMs).unref();
      // `onResult` hears of failures.
      now().catch(() => undefined);
    },
    async stop() {
      clearTimeout(cooling);
      stopped.abort(new PosternError("canceled", "the node stops"));
      for (const timer of timers.values()) clearTimeout(timer);
      await Promise.allSettled(running);
    },
  };
}

async function checkIn(satellite: TrustedSatellite, options: CheckInOptions, signal: AbortSignal): Promise<void> {
  const { self, transport, timeoutMs } = options;
  const request = CheckInRequest.create({
    address: self.address,
    version: { version: self.version, release: false },
    capacity: { freeDisk: await options.availableSpace() },
    operator: { email: self.email, wallet: self.wallet },
  });
  const connection = await transport.dial({ address: satellite.address, nodeId: satellite.id }, { signal, timeoutMs });
  try {
    const reply = await connection.unary(NodeDefinition, NodeDefinition.methods.checkIn, request, {
      signal,
      timeoutMs,
    });
    if (!reply.pingNodeSuccess) {
      throw new PosternError("unavailable", `the satellite can not reach the node: ${reply.pingErrorMessage}`);
    }
  } finally {
    await connection.close();
  }
}
