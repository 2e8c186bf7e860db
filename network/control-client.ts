import { connect } from "node:net";
import { PosternError } from "../core/errors.js";
import type { ControlCommand, ControlCommands } from "./control-messages.js";
import { controlSocket } from "./control-server.js";
import { type ErrorMessage, errorOf } from "./process-messages.js";

/**
 * Has the network that runs on a folder, in whatever process, do something. Rejects with what it failed with there, or
 * `unavailable` when none runs.
 */
export async function controlNetwork<C extends ControlCommand>(
  dir: string,
  command: C,
  args: ControlCommands[C]["args"],
): Promise<ControlCommands[C]["answer"]> {
  const text = await exchange(dir, `${JSON.stringify({ ...args, command })}\n`);
  let reply: { readonly value?: unknown; readonly error?: ErrorMessage };
  try {
    reply = JSON.parse(text);
  } catch (cause) {
    throw new PosternError("unavailable", `the network in ${dir} ended before it answered`, { cause });
  }
  if (reply.error !== undefined) throw errorOf(reply.error);
  return reply.value as ControlCommands[C]["answer"];
}

function exchange(dir: string, line: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(controlSocket(dir));
    let text = "";
    socket.setEncoding("utf8");
    socket.on("connect", () => socket.write(line));
    socket.on("data", (chunk: string) => {
      text += chunk;
    });
    socket.on("end", () => {
      socket.end();
      resolve(text);
    });
    socket.on("error", (cause: NodeJS.ErrnoException) => reject(failure(dir, cause)));
  });
}

function failure(dir: string, cause: NodeJS.ErrnoException): PosternError {
  const text =
    cause.code === "EACCES" || cause.code === "EPERM"
      ? `the network in ${dir} belongs to another user`
      : cause.code === "ENOENT" || cause.code === "ECONNREFUSED" || cause.code === "ENOTDIR"
        ? `no network is running in ${dir}`
        : `the network in ${dir} ended before it answered`;
  // Only the code is kept: exit lines look for a system error to explain.
  return new PosternError("unavailable", text);
}
