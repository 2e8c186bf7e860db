import type { Socket } from "node:net";

/** Resolves when the socket is closed, in whatever way: a reset by the peer is one, too. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.on("error", () => {});
    socket.once("close", () => resolve());
  });
}
