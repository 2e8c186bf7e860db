import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import test, { type ExecutionContext } from "ava";
import type { NetworkReadyFile } from "../../bin/network.js";
import { openProject } from "../../core/index.js";
import type { NetworkStatus } from "../../network/index.js";
import { orKilled } from "../helpers/or-killed.js";
import { repositoryRoot } from "../helpers/root.js";
import { runProgram } from "../helpers/run-program.js";
import { startServer } from "../helpers/server.js";
import { tempDir } from "../helpers/temp-dir.js";

const entry = join(repositoryRoot, "dist", "bin", "postern.js");

/** `postern network` as its own process. */
async function startNetwork(t: ExecutionContext, dataDir: string): Promise<{ stop(): Promise<number | null> }> {
  const args = [entry, "network", "--ephemeral", "--data-dir", dataDir];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit") as Promise<[number | null]>;
  t.teardown(() => void child.kill("SIGKILL"));
  const ready = new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout })
      .on("line", (line) => line === "Postern's network is ready." && resolve())
      .on("close", () => reject(new Error("the network ended before it was ready")));
  });
  await orKilled(child, "its start", ready);
  return {
    async stop() {
      child.kill("SIGINT");
      return (await orKilled(child, "its stop", exited))[0];
    },
  };
}

/** Commands to the network of a data folder; each must succeed. */
function commandsTo(t: ExecutionContext, dataDir: string) {
  return async (...args: string[]): Promise<string> => {
    const result = await runProgram(process.execPath, [entry, "network", ...args, "--data-dir", dataDir]);
    t.is(result.code, 0, result.stderr);
    return result.stdout;
  };
}

async function readyFile(dataDir: string): Promise<NetworkReadyFile> {
  return JSON.parse(await readFile(join(dataDir, "network.json"), "utf8")) as NetworkReadyFile;
}

test("a network without a gateway keeps objects, and is told what to do from outside", async (t) => {
  t.timeout(180_000);
  const { path, remove } = await tempDir();
  t.teardown(remove);
  const network = await startNetwork(t, path);
  const tell = commandsTo(t, path);
  const status = async () => JSON.parse(await tell("status", "--json")) as NetworkStatus;
  const { accessGrant, satellite } = await readyFile(path);
  t.is((await stat(join(path, "network.json"))).mode & 0o777, 0o600);
  t.is((await stat(join(path, "network", "control"))).mode & 0o777, 0o700);
  t.is((await stat(join(path, "network", "control", "socket"))).mode & 0o777, 0o600);

  const body = Buffer.alloc(50_000, "kept by nodes ");
  const project = await openProject(accessGrant);
  t.teardown(() => project.close());
  await project.createBucket("bucket");
  await project.putObject("bucket", "key", [body]);

  const before = await status();
  t.is(before.satellite, satellite);
  t.is(before.nodes.length, 10);
  t.true(before.nodes.every(({ running, online }) => running && online));
  t.like(before.segments, { total: 1, needRepair: 0, lost: 0 });

  t.is(await tell("node", "stop", "3"), "node 3 stopped\n");
  const stopped = (await status()).nodes[3]!;
  t.false(stopped.running || stopped.online);
  t.is(await tell("node", "start", "3"), "node 3 started\n");
  t.true((await status()).nodes[3]!.running);

  t.regex(await tell("audit", "--segments", "1"), /^segments: 1 looked at; pieces: [1-9]\d* right, 0 wrong/);
  for (const index of [10, 11, 12]) t.is(await tell("node", "add"), `node ${index} added\n`);
  // The object has at least eight pieces of which four are enough, and six are too few.
  for (const index of [0, 1, 2, 4]) t.is(await tell("node", "remove", String(index)), `node ${index} removed\n`);
  t.is((await status()).segments.needRepair, 1);
  t.regex(await tell("status"), /^Storage nodes {2}9, 9 of them running$/m);
  t.is(await tell("gc"), "filters: 9 taken by their nodes, 0 not\n");
  t.is(await tell("repair"), "segments: 1 looked at, 1 repaired, 0 failed, 0 lost\n");
  t.like((await status()).segments, { total: 1, lost: 0, needRepair: 0 });
  const chunks: Uint8Array[] = [];
  for await (const chunk of (await project.getObject("bucket", "key")).body) chunks.push(chunk);
  t.true(Buffer.concat(chunks).equals(body));

  t.is(await network.stop(), 0);
  const gone = await runProgram(process.execPath, [entry, "network", "status", "--data-dir", path]);
  t.is(gone.stderr, `postern: no network is running in ${join(path, "network")}\n`);
  t.is(gone.code, 1);
});

test("a gateway on the folder of a network has the same grant, and its network takes commands too", async (t) => {
  t.timeout(120_000);
  const { path, remove } = await tempDir();
  t.teardown(remove);
  const network = await startNetwork(t, path);
  const { accessGrant } = await readyFile(path);
  const first = await openProject(accessGrant);
  await first.createBucket("made-before");
  await first.close();
  t.is(await network.stop(), 0);

  const server = await startServer({ dataDir: path });
  const second = await openProject(server.ready.accessGrant);
  t.teardown(() => second.close());
  t.truthy(await second.headBucket("made-before"));
  const tell = commandsTo(t, path);
  t.is(await tell("node", "stop", "9"), "node 9 stopped\n");
  t.regex(await tell("status"), /^9 +stopped /m);
  const refused: [string[], string][] = [
    [["node", "stop", "77"], "there is no storage node 77"],
    [["node", "start", "-1"], 'the number of a node is a whole number, not "-1"'],
    [["node", "remove", "x"], 'the number of a node is a whole number, not "x"'],
    [["--nodes", "many"], '--nodes is a whole number, not "many"'],
    [[], "can not use the data folder"],
  ];
  for (const [args, text] of refused) {
    const result = await runProgram(process.execPath, [entry, "network", ...args, "--data-dir", path]);
    t.is(result.code, 1, args.join(" "));
    t.true(result.stderr.includes(text), result.stderr);
    t.is(result.stderr.trimEnd().split("\n").length, 1, result.stderr);
  }
  t.is((await server.stop()).code, 0);
});
