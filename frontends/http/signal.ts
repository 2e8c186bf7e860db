import { setMaxListeners } from "node:events";
import type { ServerResponse } from "node:http";

/** A signal that aborts when the connection goes away before the reply was written. */
export function requestSignal(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  // Every call under way listens, and one request may make many at a time: no leak to warn of.
  setMaxListeners(0, controller.signal);
  res.once("close", () => {
    if (!res.writableFinished) controller.abort();
  });
  return controller.signal;
}
