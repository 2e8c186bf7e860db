import { Worker } from "node:worker_threads";
import { escapeText } from "./clean-text.js";
import type { PreviewReply, PreviewRequest } from "./preview-worker.js";

export interface PreviewerOptions {
  /** Longest time for one preview, in ms; then the text is shown without colours. 1000 when absent. */
  timeoutMs?: number;
  /** Longest time that one waits for its turn, in ms; then likewise. 3000 when absent. */
  waitMs?: number;
  /** How long the thread is kept for the next preview, in ms: it has 30 MiB of grammars. 300000 when absent. */
  idleMs?: number;
  /** Most previews under way and waiting; those above likewise. 32 when absent. */
  most?: number;
}

/** Makes previews of strangers' texts in a thread of its own, which it ends when a text was made to be slow. */
export interface Previewer {
  /** The inside of a `<code>`. */
  text(text: string, name: string): Promise<string>;
  /**
   * HTML, or undefined where it took too long: show the text as it is then.
   * @param entry path of the text in an archive
   */
  markdown(text: string, entry?: string): Promise<string | undefined>;
  close(): Promise<void>;
}

interface Job {
  readonly request: PreviewRequest;
  readonly expiry: NodeJS.Timeout;
  readonly settle: (html: string | undefined) => void;
}

interface Thread {
  readonly worker: Worker;
  ready: boolean;
}

export function createPreviewer(options: PreviewerOptions = {}): Previewer {
  const { timeoutMs = 1_000, waitMs = 3_000, idleMs = 300_000, most = 32 } = options;
  const waiting: Job[] = [];
  let current: Job | undefined;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;
  let thread: Thread | undefined;
  let idle: NodeJS.Timeout | undefined;

  function start(): Thread {
    const worker = new Worker(new URL("./preview-worker.js", import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 96 },
    });
    const made: Thread = { worker, ready: false };
    worker.on("message", ({ html }: PreviewReply) => {
      if (thread !== made) return;
      if (html === undefined) made.ready = true;
      else finish(html);
      next();
    });
    // A thread that ended by itself, as when it used up its memory; one that was ended is not `thread` any more.
    const gone = () => {
      if (thread === made) lose();
    };
    worker.on("error", gone);
    worker.on("exit", gone);
    // A gateway that is done does not wait for previews.
    worker.unref();
    return made;
  }

  function finish(html: string | undefined): void {
    clearTimeout(timer);
    const job = current;
    current = undefined;
    job?.settle(html);
  }

  /** Nobody waits for it. */
  function drop(): Promise<unknown> | undefined {
    clearTimeout(idle);
    const ended = thread?.worker.terminate();
    thread = undefined;
    return ended;
  }

  function lose(): void {
    const wasReady = thread?.ready === true;
    void drop();
    finish(undefined);
    // One that cannot even start would be started for ever: those who wait do without, and who comes later tries again.
    if (!wasReady) for (const job of waiting.splice(0)) end(job);
    else if (waiting.length > 0) thread = start();
  }

  function next(): void {
    if (current !== undefined || thread?.ready !== true) return;
    current = waiting.shift();
    clearTimeout(idle);
    if (current === undefined) {
      idle = setTimeout(drop, idleMs).unref();
      return;
    }
    clearTimeout(current.expiry);
    timer = setTimeout(lose, timeoutMs);
    thread.worker.postMessage(current.request);
  }

  function end(job: Job): void {
    clearTimeout(job.expiry);
    job.settle(undefined);
  }

  function run(request: PreviewRequest): Promise<string | undefined> {
    if (closed || waiting.length + (current === undefined ? 0 : 1) >= most) return Promise.resolve(undefined);
    thread ??= start();
    return new Promise((settle) => {
      const expire = () => {
        waiting.splice(waiting.indexOf(job), 1);
        settle(undefined);
      };
      const job: Job = { request, settle, expiry: setTimeout(expire, waitMs) };
      waiting.push(job);
      next();
    });
  }

  return {
    text: async (text, name) => (await run({ text, name })) ?? escapeText(text),
    markdown: (text, entry) => run({ text, entry }),
    async close() {
      closed = true;
      const ended = drop();
      finish(undefined);
      for (const job of waiting.splice(0)) end(job);
      await ended;
    },
  };
}
