/** Calls once, so many ms later, unless it is canceled before. */
export type Schedule = (run: () => void, ms: number) => () => void;

/** With the process's timers, which do not keep it running. */
export const schedule: Schedule = (run, ms) => {
  const timer = setTimeout(run, ms);
  timer.unref();
  return () => clearTimeout(timer);
};
