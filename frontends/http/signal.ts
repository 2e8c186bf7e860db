import type { ServerResponse } from "node:http";

/** A signal that aborts when the connection goes away before the reply was written. */
export function requestSignal(res: ServerResponse): AbortSignal {
  const controller = new AbortController();
  res.once("close", () => {
    if (!res.writableFinished) controller.abort();
  });
  return controller.signal;
}
