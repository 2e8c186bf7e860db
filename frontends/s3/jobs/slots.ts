/** Runs work, so much of it at a time; the rest waits in order. */
export type Slots = <T>(work: () => Promise<T>) => Promise<T>;

export function createSlots(atOnce: number): Slots {
  let free = atOnce;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (free > 0) free--;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await work();
    } finally {
      // Handed on, so that nobody slips in between.
      const next = waiting.shift();
      if (next === undefined) free++;
      else next();
    }
  };
}
