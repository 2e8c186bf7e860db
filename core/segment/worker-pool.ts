import type { WorkerTask } from "./codec-protocol.js";
import { createLane, type Lane } from "./worker-lane.js";

/** A lane with the number of encoders that live in it. */
export interface Seat {
  readonly lane: Lane;
  encoders: number;
}

export interface WorkerPool {
  readonly closed: boolean;
  /** A name for an encoder or decoder. */
  newSession(): number;
  /** The lane with the fewest encoders, and among these the fewest tasks. */
  forEncoder(): Seat;
  /** The lane with the fewest tasks. */
  forTask(): Lane;
  /** Tells all threads. */
  tell(task: WorkerTask): void;
  close(): Promise<void>;
}

export function createWorkerPool(entry: URL, threads: number): WorkerPool {
  const seats: Seat[] = Array.from({ length: threads }, () => ({ lane: createLane(entry), encoders: 0 }));
  let sessions = 0;
  let closed = false;
  const least = (weight: (seat: Seat) => number): Seat =>
    seats.reduce((best, seat) => (weight(seat) < weight(best) ? seat : best));

  return {
    get closed() {
      return closed;
    },
    newSession: () => ++sessions,
    forEncoder: () => least(({ lane, encoders }) => encoders * 1_000 + lane.load),
    forTask: () => least(({ lane }) => lane.load).lane,
    tell(task) {
      for (const { lane } of seats) lane.tell(task);
    },
    async close() {
      closed = true;
      await Promise.all(seats.map(({ lane }) => lane.close()));
    },
  };
}
