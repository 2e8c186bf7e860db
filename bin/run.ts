import { createStopper, type Stopper } from "./stopper.js";

/** Until a program ends that has stopped, but for what was left behind. */
const lingerMs = 250;

/**
 * Starts something, says on stdout what `start` resolves with, and stops all of it, in reverse order, when the program is
 * told to end. Rejects, with everything stopped again, when it can not start or when what was started has failed.
 */
export async function runUntilTold(start: (stopper: Stopper) => Promise<string>): Promise<void> {
  const stopper = createStopper();
  try {
    process.stdout.write(await start(stopper));
    await stopper.untilTold();
  } finally {
    await stopper.stop();
    // A plugin may have left something open, which nobody is to wait for.
    setTimeout(() => process.exit(), lingerMs).unref();
  }
}
