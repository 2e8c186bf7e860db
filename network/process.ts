import { collectLessOften } from "../core/collector.js";
import { type RunningNetwork, startNetwork } from "./network.js";
import { errorMessage, type FromNetwork, runCall, type ToNetwork } from "./process-messages.js";

// The program of a network in a process of its own: it is forked by `startNetworkProcess` and ends with its parent.

collectLessOften();

let network: Promise<RunningNetwork> | undefined;

/** Resolves when the message is out. A parent that is gone hears nothing, and there is nothing to do about it. */
function send(message: FromNetwork): Promise<void> {
  return new Promise((resolve) => {
    if (process.connected) process.send?.(message, undefined, undefined, () => resolve());
    else resolve();
  });
}

async function receive(message: ToNetwork): Promise<void> {
  switch (message.type) {
    case "start": {
      network ??= startNetwork({
        ...message.options,
        onProblem: (text, error) => void send({ type: "problem", message: text, error: errorMessage(error) }),
      });
      const { nodeUrl, nodeId, address } = await network;
      await send({ type: "ready", nodeUrl, nodeId, address });
      break;
    }
    case "call": {
      const { id, name, args } = message;
      try {
        if (network === undefined) throw new Error("the network was not started");
        await send({ type: "reply", id, value: await runCall(await network, name, args) });
      } catch (error) {
        await send({ type: "reply", id, error: errorMessage(error) });
      }
      break;
    }
    case "stop":
      await stop();
      break;
  }
}

async function stop(): Promise<void> {
  try {
    await (await network)?.stop();
  } catch {
    // A network that never started has said so already; what fails to close ends with the process.
  }
  process.exit();
}

process.on("message", (message: ToNetwork) => {
  receive(message).catch(async (error: unknown) => {
    await send({ type: "failed", error: errorMessage(error) });
    process.exit(1);
  });
});
process.on("disconnect", () => void stop());
// Ctrl-C reaches the whole group of processes: the parent asks this one to stop in its own time.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => void stop());
