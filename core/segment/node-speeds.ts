import { toHex } from "../bytes/bytes.js";

interface Record {
  /** Milliseconds until the first bytes, smoothed. */
  latencyMs: number;
  /** Bytes per millisecond after them, smoothed. */
  rate: number;
  /** Until when a failure counts (Date.now()). */
  avoidUntil: number;
}

/** How nodes did lately. Shared by all transfers of an uplink; forgets the nodes unused for longest. */
export interface NodeSpeeds {
  /** A node delivered `bytes` within `ms`, the first of them after `latencyMs`. */
  delivered(nodeId: Uint8Array, bytes: number, ms: number, latencyMs: number): void;
  /** A node failed, stalled or was too slow. */
  failed(nodeId: Uint8Array): void;
  /** Milliseconds that a transfer of `bytes` will probably take. */
  expectedMs(nodeId: Uint8Array, bytes: number): number;
}

/** Weight of the newest measurement. */
const weight = 0.3;
const avoidMs = 60_000;
const penaltyMs = 30_000;

export function createNodeSpeeds(capacity = 4096): NodeSpeeds {
  const records = new Map<string, Record>();
  // What to expect of nodes never seen: what is usual, a little better so that they get a chance.
  const usual = { latencyMs: 50, rate: 1000 };

  function touch(nodeId: Uint8Array): Record {
    const key = toHex(nodeId);
    const record = records.get(key) ?? { latencyMs: usual.latencyMs, rate: usual.rate, avoidUntil: 0 };
    records.delete(key);
    records.set(key, record);
    if (records.size > capacity) records.delete(records.keys().next().value as string);
    return record;
  }

  return {
    delivered(nodeId, bytes, ms, latencyMs) {
      const record = touch(nodeId);
      const rate = bytes / Math.max(ms - latencyMs, 1);
      record.avoidUntil = 0;
      for (const target of [record, usual]) {
        const share = target === usual ? weight / 10 : weight;
        target.latencyMs += share * (latencyMs - target.latencyMs);
        target.rate += share * (rate - target.rate);
      }
    },
    failed(nodeId) {
      touch(nodeId).avoidUntil = Date.now() + avoidMs;
    },
    expectedMs(nodeId, bytes) {
      const record = records.get(toHex(nodeId));
      if (record === undefined) return 0.9 * (usual.latencyMs + bytes / usual.rate);
      const penalty = record.avoidUntil > Date.now() ? penaltyMs : 0;
      return penalty + record.latencyMs + bytes / Math.max(record.rate, 0.001);
    },
  };
}
