// Run as a program: a host with a frontend whose handlers throw where nobody catches, and one that is calm.
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { defineFrontend } from "../../frontends/frontend.js";
import { startHost } from "../../frontends/host/index.js";
import { authDeps } from "./auth-deps.js";
import { until } from "./until.js";

function serving(name: string, handle: (path: string) => void) {
  return defineFrontend({
    name,
    options: {},
    async start() {
      const server: Server = createServer((req, res) => {
        // What is thrown into Node's HTTP parser spoils its connection.
        res.setHeader("Connection", "close").end("x");
        handle(req.url ?? "");
      });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return {
        addresses: { http: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
        stop: () =>
          new Promise<void>((resolve) => {
            server.close(() => resolve());
            server.closeAllConnections();
          }),
      };
    },
  }).create();
}

const crashes = serving("crashes", (path) => {
  const error = () => new Error("a secret in a text");
  if (path === "/timer") setTimeout(() => Promise.reject(error()), 1);
  else if (path === "/promise") void Promise.reject(error());
  else throw error();
});
const { deps, logged } = authDeps();
const host = await startHost({
  frontends: [crashes, serving("calm", () => {})].map((frontend) => ({ frontend, required: true })),
  deps,
  grpc: { listen: { host: "127.0.0.1", port: 0 } },
  isolate: true,
});
if (process.argv[2] === "outside") {
  throw new Error("outside");
}
const [crashing, calm] = host.states().map(({ addresses }) => addresses["http"]!);
const ask = async (url: string) => await (await fetch(url)).text();
for (const path of ["/", "/timer", "/promise"]) await ask(crashing + path);
await until(() => host.states()[0]!.strays === 3);
await ask(calm!);
const after = host.states();
for (let i = 0; i < 30; i++) await ask(crashing!).catch(() => {});
await until(() => host.states()[0]!.state === "failed");
await ask(calm!);
process.stderr.write(logged.join("\n"));
process.stdout.write(JSON.stringify({ after, end: host.states() }));
await host.stop({ graceMs: 0 });
