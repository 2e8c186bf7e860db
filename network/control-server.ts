import { chmod, mkdir, rm } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { PosternError } from "../core/errors.js";
import { type ControlRequest, parseControlRequest } from "./control-messages.js";
import { errorMessage } from "./process-messages.js";

export interface ControlServer {
  stop(): Promise<void>;
}

/** Socket of the network in `dir`. */
export function controlSocket(dir: string): string {
  return join(dir, "control", "socket");
}

const maxConnections = 16;
const maxLineLength = 4096;
/** What a client is given to send its line. */
const requestTimeoutMs = 10_000;

/**
 * Answers what `postern network …` commands ask, one JSON line a connection, on a Unix socket in the network's folder.
 * It is no port: whoever may use the folder holds the network anyway (keys, pieces, database), and nobody else can
 * reach it, so there is no secret to hand out and nothing that a web page or another user could call. The folder's lock
 * is held, so a socket that is there is what a crash left.
 */
export async function startControl(
  dir: string,
  run: (request: ControlRequest) => Promise<unknown>,
): Promise<ControlServer> {
  const path = controlSocket(dir);
  const folder = join(dir, "control");
  // The folder is closed before the socket is in it: between bind and chmod others could connect.
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await chmod(folder, 0o700);
  await rm(path, { force: true });
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
    socket.on("error", () => {}); // A client that went away hears nothing.
    void answer(socket, run);
  });
  server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause: Error) => {
      reject(new PosternError("unavailable", `the control socket ${path} can not be made`, { cause }));
    });
    server.listen(path, resolve);
  });
  await chmod(path, 0o600);
  return {
    async stop() {
      for (const socket of open) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

async function answer(socket: Socket, run: (request: ControlRequest) => Promise<unknown>): Promise<void> {
  const line = await readLine(socket);
  if (line === undefined) return void socket.destroy();
  const request = parseControlRequest(line);
  const reply =
    request === undefined
      ? { error: errorMessage(new PosternError("invalid-argument", "the network does not know this command")) }
      : await run(request).then(
          (value) => ({ value }),
          (error: unknown) => ({ error: errorMessage(error) }),
        );
  socket.end(`${JSON.stringify(reply)}\n`);
}

/** Undefined for what is too long, too slow or ends too early. */
function readLine(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = "";
    const timer = setTimeout(() => resolve(undefined), requestTimeoutMs);
    const done = (line: string | undefined) => {
      clearTimeout(timer);
      resolve(line);
    };
    socket.setEncoding("utf8");
    socket.on("data", (chunk: string) => {
      text += chunk;
      const end = text.indexOf("\n");
      if (end >= 0) done(text.slice(0, end));
      else if (text.length > maxLineLength) done(undefined);
    });
    socket.on("end", () => done(undefined));
    socket.on("close", () => done(undefined));
  });
}
