import { join } from "node:path";
import { pathToFileURL } from "node:url";
import test from "ava";
import { repositoryRoot } from "../helpers/root.js";

interface Options {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly say: (line: string) => void;
  readonly everyMs?: number;
}

const script = pathToFileURL(join(repositoryRoot, "scripts", "run-aloud.mjs")).href;
const { runAloud } = (await import(script)) as {
  runAloud(command: string, args: readonly string[], options: Options): Promise<void>;
};

const run = async (command: string, args: readonly string[], everyMs?: number) => {
  const said: string[] = [];
  await runAloud(command, args, { cwd: repositoryRoot, env: process.env, say: (line) => said.push(line), everyMs });
  return said;
};

test("who waits for a silent program is told that it runs", async (t) => {
  const said = await run(process.execPath, ["-e", "setTimeout(() => {}, 300)"], 20);
  t.regex(said[0]!, /^still at ".*node -e .*", since 0 s$/);
});

test("of a quick program nothing is told, and of one that fails what to do", async (t) => {
  t.deepEqual(await run(process.execPath, ["-e", ""]), []);
  await t.throwsAsync(run(process.execPath, ["-e", "process.exit(3)"]), { message: /failed; what it said is above$/ });
  await t.throwsAsync(run("/no/such/program", []), { message: /^\/no\/such\/program could not be started: / });
});
