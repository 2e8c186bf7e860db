import { Worker } from "node:worker_threads";
import { PosternError, toPosternError } from "../errors.js";
import { posternErrorOf, type WorkerReply, type WorkerTask } from "./codec-protocol.js";
import { closedError } from "./inline-codec.js";

/** Tasks a worker has been given at a time: one to work at and one to begin with at once afterwards. */
const maxGiven = 2;

/**
 * One worker thread and the tasks that wait for it. It is started when it is first needed, and started again after it died;
 * it keeps the process alive only while there are tasks.
 */
export interface Lane {
  /** Tasks that are not done. */
  readonly load: number;
  /** Rejects with `internal` when the worker dies. A task whose `canceled` says so when its turn comes is not done. */
  run<T>(task: WorkerTask, transfer: readonly ArrayBuffer[], canceled?: () => boolean): Promise<T>;
  /** Tells the worker without waiting for it, if it is there. */
  tell(task: WorkerTask): void;
  /** Ends the thread; tasks that are not done reject with `canceled`. */
  close(): Promise<void>;
}

interface Waiting {
  readonly task: WorkerTask;
  readonly transfer: readonly ArrayBuffer[];
  readonly canceled: (() => boolean) | undefined;
  readonly resolve: (value: never) => void;
  readonly reject: (error: PosternError) => void;
}

export function createLane(entry: URL): Lane {
  const waiting: Waiting[] = [];
  const given = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let calls = 0;
  let closed = false;

  function started(): Worker {
    if (worker !== undefined) return worker;
    const fresh = new Worker(entry, { name: "postern-codec" });
    worker = fresh;
    fresh.on("message", (reply: WorkerReply) => {
      const call = given.get(reply.call);
      given.delete(reply.call);
      if ("error" in reply) call?.reject(posternErrorOf(reply.error));
      else call?.resolve(reply.value as never);
      give();
    });
    const died = (cause: unknown): void => {
      if (worker !== fresh) return;
      worker = undefined;
      void fresh.terminate();
      const error = closed ? closedError() : new PosternError("internal", "a codec thread died", { cause });
      const lost = [...given.values()];
      given.clear();
      for (const call of lost) call.reject(error);
      give();
    };
    fresh.on("error", died);
    fresh.on("messageerror", died);
    fresh.on("exit", (code) => died(new Error(`exit code ${code}`)));
    fresh.unref();
    return fresh;
  }

  function give(): void {
    while (given.size < maxGiven) {
      const next = waiting.shift();
      if (next === undefined) break;
      if (next.canceled?.()) {
        next.reject(closedError());
        continue;
      }
      const call = ++calls;
      try {
        started().postMessage({ call, task: next.task }, next.transfer);
        given.set(call, next);
      } catch (cause) {
        next.reject(toPosternError(cause, "internal", "a codec thread could not be given its task"));
      }
    }
    if (given.size > 0) worker?.ref();
    else worker?.unref();
  }

  return {
    get load() {
      return waiting.length + given.size;
    },
    run(task, transfer, canceled) {
      return new Promise((resolve, reject) => {
        if (closed) {
          reject(closedError());
          return;
        }
        waiting.push({ task, transfer, canceled, resolve, reject });
        give();
      });
    },
    tell(task) {
      worker?.postMessage({ call: 0, task });
    },
    async close() {
      closed = true;
      for (const call of waiting.splice(0)) call.reject(closedError());
      await worker?.terminate();
    },
  };
}
