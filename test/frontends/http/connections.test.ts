import { once } from "node:events";
import { connect, type Socket } from "node:net";
import test, { type ExecutionContext } from "ava";
import { listen } from "../../../frontends/http/index.js";
import { closed } from "../../helpers/closed.js";

async function listening(t: ExecutionContext, limits: { maxConnections: number; maxConnectionsPerClient?: number }) {
  const server = await listen((_, res) => void res.end("served"), { host: "127.0.0.1", port: 0, ...limits });
  t.teardown(() => server.stop(0));
  const open = (localAddress: string): Socket => {
    const socket = connect({ port: Number(new URL(server.url).port), host: "127.0.0.1", localAddress });
    t.teardown(() => socket.destroy());
    return socket;
  };
  return {
    async served(from = "127.0.0.1"): Promise<Socket> {
      const socket = open(from);
      socket.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
      const [answer] = (await once(socket, "data")) as [Buffer];
      t.regex(answer.toString(), /^HTTP\/1\.1 200 /);
      return socket;
    },
    refused: (from = "127.0.0.1") => closed(open(from)),
  };
}

/** Until the server knows of it too. */
async function end(socket: Socket): Promise<void> {
  socket.end();
  await closed(socket);
}

test("connections are bounded in number, of one client and of all", async (t) => {
  const { served, refused } = await listening(t, { maxConnections: 3, maxConnectionsPerClient: 2 });
  const first = await served();
  await served();
  await refused();
  await served("127.0.0.2");
  await refused("127.0.0.3");
  await end(first);
  await served("127.0.0.3");
  await refused();
});

test("where clients are not told apart one may have as many as there are", async (t) => {
  const { served, refused } = await listening(t, { maxConnections: 3 });
  for (let i = 0; i < 3; i++) await served();
  await refused();
});
