import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import test from "ava";
import { repositoryRoot } from "../helpers/root.js";
import { mustRun } from "../helpers/run-program.js";
import { startServer } from "../helpers/server.js";
import { tempDir } from "../helpers/temp-dir.js";

const define = `import { defineFrontend, listen, option } from ${JSON.stringify(`file://${repositoryRoot}/dist/frontends/index.js`)};
export const frontend = defineFrontend({
  name: NAME,
  options: { host: option.host(), port: option.port({ about: "TCP port", default: 9100 }) },
  async start(deps, { host, port }) {
    const listening = await listen((req, res) => {
      if (req.url === "/crash") throw new Error("in a handler");
      res.end("here");
    }, { host, port });
    return { addresses: { http: listening.url }, stop: STOP };
  },
});
`;

test("a plugin that does not start, one that crashes and one that does not stop leave the rest alone", async (t) => {
  t.timeout(120_000);
  const dir = await tempDir();
  t.teardown(dir.remove);
  const plugin = async (name: string, stop = "({ graceMs = 1000 } = {}) => listening.stop(graceMs)") => {
    const file = join(dir.path, `${name}.mjs`);
    await writeFile(file, define.replace("NAME", JSON.stringify(name)).replace("STOP", stop));
    return file;
  };
  const holder = createServer().listen(0, "127.0.0.1");
  t.teardown(() => holder.close());
  await new Promise((resolve) => holder.once("listening", resolve));
  const address = holder.address();
  const port = typeof address === "object" ? address?.port : 0;

  let stderr = "";
  const server = await startServer({
    dataDir: join(dir.path, "data"),
    args: [
      ...["--admin-port", "0", "--frontend", await plugin("no-port"), "--set", `no-port.port=${port}`],
      ...["--frontend", await plugin("crashes"), "--frontend", await plugin("hangs", "() => new Promise(() => {})")],
    ],
    onOutput: (stream, chunk) => {
      if (stream === "stderr") stderr += chunk.toString();
    },
  });
  t.teardown(() => server.kill().catch(() => {}));
  const { frontends, admin, s3 } = server.ready;
  t.deepEqual(Object.keys(frontends), ["s3", "auth", "linkshare", "crashes", "hangs"]);
  t.regex(stderr, new RegExp(`frontend no-port did not start, the others run: port ${port} is already in use`));

  const crashing = frontends["crashes"]!["http"]!;
  await t.throwsAsync(fetch(`${crashing}/crash`));
  t.is(await (await fetch(crashing)).text(), "here");
  t.is((await fetch(s3)).status, 403);
  const ready = await fetch(`${admin}/health/ready`);
  t.is(ready.status, 200);
  const { parts } = (await ready.json()) as { parts: Record<string, string> };
  t.is(parts["s3"], "ok");
  t.not(parts["no-port"], "ok");
  t.regex(await (await fetch(`${admin}/metrics`)).text(), /stray_exceptions_total\{frontend="crashes"\} 1/);

  const entry = join(repositoryRoot, "dist/bin/postern.js");
  const list = async () => {
    const args = ["serve", "--list", "--data-dir", server.dataDir, "--frontend", join(dir.path, "crashes.mjs")];
    return (await mustRun(process.execPath, [entry, ...args])).stdout;
  };
  const running = await list();
  t.regex(running, new RegExp(`^Running on .*, process ${server.ready.pids.gateway};`));
  t.true(running.includes(`listens    http: ${crashing}\n`));

  const { code, ms } = await server.stop();
  t.is(code, 0, stderr);
  t.true(ms < 10_000, `${ms}`); // four seconds, on a machine with nothing else to do
  t.regex(await list(), /^Not running on [\s\S]*crashes {2}\(.*\n {2}would listen {2}port: 127\.0\.0\.1:9100/);
  t.regex(stderr, /"frontend":"hangs".*did not stop in time/);
});
