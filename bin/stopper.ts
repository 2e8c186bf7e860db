import type { PosternError } from "../core/index.js";
import { exitLine } from "./exit-line.js";

/** Knows what is running, and stops it in the reverse order of its start. */
export interface Stopper {
  add(name: string, stop: () => Promise<unknown>): void;
  /** Resolves on SIGINT or SIGTERM; rejects when something that was started has failed. */
  untilTold(): Promise<void>;
  /** Ends `untilTold` with an error. */
  fail(error: PosternError): void;
  /** Stops everything once, within `limitMs`. */
  stop(): Promise<void>;
}

/** Ctrl-C promises to end within five seconds; what has not stopped by then is abandoned. */
const limitMs = 4_500;

export interface StopperOptions {
  /** Whether signals, and the end of who keeps this process running, are told to it; they are when absent. */
  readonly listens?: boolean;
}

export function createStopper({ listens = true }: StopperOptions = {}): Stopper {
  const running: { readonly name: string; readonly stop: () => Promise<unknown> }[] = [];
  let stopping: Promise<void> | undefined;
  let told = false;
  let tell: () => void = () => {};
  let fail: (error: PosternError) => void = () => {};
  const end = new Promise<void>((resolve, reject) => {
    tell = resolve;
    fail = reject;
  });
  end.catch(() => {}); // It is told to whoever waits; a failure before that ends the start by itself.
  const onSignal = (): void => {
    if (told) process.exit(130);
    told = true;
    tell();
  };
  if (listens) {
    process.on("SIGINT", onSignal).on("SIGTERM", onSignal);
    // Whoever keeps this process running is gone, and would start another at its ports.
    process.once("disconnect", () => tell());
    process.channel?.unref();
  }

  return {
    add(name, stop) {
      running.push({ name, stop });
    },
    untilTold: () => end,
    fail: (error) => fail(error),
    stop() {
      stopping ??= withinLimit(running);
      return stopping;
    },
  };
}

async function withinLimit(running: readonly { name: string; stop: () => Promise<unknown> }[]): Promise<void> {
  let left = running.length;
  const abandon = setTimeout(() => {
    process.stderr.write(
      `postern: ${running
        .slice(0, left)
        .map(({ name }) => name)
        .join(", ")} did not stop in time\n`,
    );
    process.exit(1);
  }, limitMs);
  for (; left > 0; left--) {
    const { name, stop } = running[left - 1]!;
    try {
      await stop();
    } catch (error) {
      // The rest must stop all the same.
      process.stderr.write(`postern: stopping the ${name} failed: ${exitLine(error)}\n`);
      process.exitCode = 1;
    }
  }
  clearTimeout(abandon);
}
