import type { NodeId } from "../../core/identity/node-id.js";
import type { SerialNumber } from "../../core/identity/serial-number.js";

/** Remembers which order limits were used. */
export interface UsedSerials {
  /**
   * False when the satellite's serial number was used before. It is remembered until `expiresAt` (ms since 1970), when
   * its limit is refused for its age.
   */
  add(satelliteId: NodeId, serial: SerialNumber, expiresAt: number): boolean;
  readonly count: number;
}

/** Serials are forgotten in groups of this many milliseconds. */
const groupMs = 5 * 60 * 1000;

/**
 * In memory, as at the real node (storj/storj storagenode/piecestore/usedserials): after a restart the orders file
 * tells what was used. When there are more than `capacity`, those that would be forgotten first are.
 */
export function createUsedSerials(capacity: number, now: () => number = Date.now): UsedSerials {
  /** By the time at which the group is forgotten. */
  const groups = new Map<number, Set<string>>();
  let count = 0;

  function forget(time: number): void {
    count -= groups.get(time)?.size ?? 0;
    groups.delete(time);
  }

  function makeRoom(): void {
    const time = Math.min(...groups.keys());
    const group = groups.get(time)!;
    // A Set keeps the order of arrival.
    group.delete(group.keys().next().value!);
    count--;
    if (group.size === 0) groups.delete(time);
  }

  return {
    get count() {
      return count;
    },

    add(satelliteId, serial, expiresAt) {
      for (const time of groups.keys()) if (time <= now()) forget(time);
      const key = Buffer.concat([satelliteId, serial]).toString("latin1");
      const time = Math.ceil(expiresAt / groupMs) * groupMs;
      let group = groups.get(time);
      if (group?.has(key)) return false;
      if (count >= capacity) makeRoom();
      group = groups.get(time) ?? new Set();
      groups.set(time, group);
      group.add(key);
      count++;
      return true;
    },
  };
}
