/** The worker of the codec with a trapdoor: plain bytes that begin with "die" end the thread. */
import { parentPort } from "node:worker_threads";
import { equalBytes, utf8 } from "../../core/bytes/bytes.js";
import type { WorkerTask } from "../../core/segment/codec-protocol.js";

const port = parentPort!;
const on = port.on.bind(port) as (event: "message", listener: (message: { task: WorkerTask }) => void) => typeof port;
Object.assign(port, {
  on: (event: "message", listener: (message: { task: WorkerTask }) => void) =>
    on(event, (message) => {
      const { task } = message;
      if (task.kind === "encode" && equalBytes(task.plain.subarray(0, 3), utf8("die"))) process.exit(3);
      listener(message);
    }),
});
await import("../../core/segment/codec-worker.js");
