import type { Socket } from "node:net";
import { PosternError } from "../../errors.js";

/**
 * Waits for the first `count` bytes of a connection, takes exactly these, and leaves the rest in the socket. `what` is what
 * they are, for the error of a connection that ends before.
 */
export function readFirstBytes(socket: Socket, count: number, what: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const leave = () => {
      socket.off("readable", onReadable);
      socket.off("close", onClose);
    };
    const onReadable = () => {
      const first: Buffer | null = socket.read(count);
      if (first === null) return;
      leave();
      resolve(first);
    };
    const onClose = () => {
      leave();
      reject(new PosternError("unavailable", `connection closed before its ${what}`));
    };
    socket.on("readable", onReadable);
    socket.on("close", onClose);
  });
}
