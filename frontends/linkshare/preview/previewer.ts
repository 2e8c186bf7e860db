import { Worker } from "node:worker_threads";
import { escapeText } from "./clean-text.js";
import type { PreviewRequest } from "./preview-worker.js";

export interface PreviewerOptions {
  /** Longest time for one preview, in ms; then the text is shown without colours. 1000 when absent. */
  timeoutMs?: number;
  /** Most previews that wait; those above are shown without colours. 32 when absent. */
  maxWaiting?: number;
}

/** Makes previews of strangers' texts in a thread of its own, which it ends when a text was made to be slow. */
export interface Previewer {
  /** The inside of a `<code>`. */
  text(text: string, name: string): Promise<string>;
  /** HTML, or undefined where it took too long: show the text as it is then. */
  markdown(text: string): Promise<string | undefined>;
  close(): Promise<void>;
}

interface Job {
  readonly request: PreviewRequest;
  readonly settle: (html: string | undefined) => void;
}

export function createPreviewer({ timeoutMs = 1_000, maxWaiting = 32 }: PreviewerOptions = {}): Previewer {
  const waiting: Job[] = [];
  let worker: Worker | undefined;
  let current: Job | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function finish(html: string | undefined): void {
    clearTimeout(timer);
    const job = current;
    current = undefined;
    job?.settle(html);
    next();
  }

  function discard(): void {
    const old = worker;
    worker = undefined;
    old?.removeAllListeners();
    // What it may still say is of no interest.
    old?.on("error", () => undefined);
    void old?.terminate();
    finish(undefined);
  }

  function start(): Worker {
    const made = new Worker(new URL("./preview-worker.js", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 96 },
    });
    made.on("message", finish);
    made.on("error", discard);
    made.on("exit", discard);
    // A gateway that is done does not wait for previews.
    made.unref();
    return made;
  }

  function next(): void {
    if (current !== undefined) return;
    current = waiting.shift();
    if (current === undefined) return;
    worker ??= start();
    timer = setTimeout(discard, timeoutMs);
    worker.postMessage(current.request);
  }

  function run(request: PreviewRequest): Promise<string | undefined> {
    if (closed || waiting.length >= maxWaiting) return Promise.resolve(undefined);
    return new Promise((settle) => {
      waiting.push({ request, settle });
      next();
    });
  }

  return {
    text: async (text, name) => (await run({ text, name })) ?? escapeText(text),
    markdown: (text) => run({ text }),
    async close() {
      closed = true;
      const old = worker;
      for (const job of waiting.splice(0)) job.settle(undefined);
      discard();
      await old?.terminate();
    },
  };
}
