import { createHash, type Hash } from "node:crypto";
import { parentPort } from "node:worker_threads";
import type { FromHashThread, ToHashThread } from "./hash-messages.js";

/** Entry of a hash thread. */
const port = parentPort;
if (port === null) throw new Error("this file is the entry of a worker thread");
const jobs = new Map<number, Hash[]>();
const tell = (message: FromHashThread, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

port.on("message", (message: ToHashThread) => {
  const { job } = message;
  switch (message.kind) {
    case "open":
      jobs.set(
        job,
        message.algorithms.map((algorithm) => createHash(algorithm)),
      );
      break;
    case "data": {
      const data = new Uint8Array(message.block, 0, message.length);
      for (const hash of jobs.get(job) ?? []) hash.update(data);
      tell({ kind: "block", job, block: message.block }, [message.block]);
      break;
    }
    case "end":
      tell({ kind: "digests", job, digests: (jobs.get(job) ?? []).map((hash) => hash.digest()) });
      jobs.delete(job);
      break;
    case "abandon":
      jobs.delete(job);
      break;
  }
});
