import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import test from "ava";
import { repositoryRoot } from "../helpers/root.js";
import { tempDir } from "../helpers/temp-dir.js";

interface Options {
  readonly cwd: string;
  readonly args?: readonly string[];
  readonly print: (line: string) => unknown;
  readonly silence?: number;
  readonly signal?: AbortSignal;
}

const script = pathToFileURL(join(repositoryRoot, "scripts", "ci-tests.mjs")).href;
const { runTests } = (await import(script)) as {
  runTests(options: Options): Promise<{ passed: number; failed: number; skipped: number }>;
};

/** What there can be in a folder of tests. */
const files = {
  good: `test("is good", (t) => t.log("nothing to see") ?? t.pass()); test.skip("is skipped", () => {});`,
  bad: `test("is bad", (t) => t.is(1, 2)); test("is good", (t) => t.pass());`,
  hangs: `test("hangs", (t) => new Promise(() => setInterval(() => {}, 1_000))); test("is good", (t) => t.pass()); test.skip("is skipped", () => {});`,
  waits: `test("hangs", (t) => new Promise(() => setInterval(() => {}, 1_000))); test.skip("is skipped", () => {});`,
  exits: `test("exits", (t) => process.exit(1));`,
  throws: `test("throws later", (t) => new Promise(() => setTimeout(() => { throw new Error("by itself"); })));`,
  stays: `setInterval(() => {}, 1_000); test("leaves something behind", (t) => t.pass());`,
  forgets: `test("never resolves", (t) => new Promise(() => {}));`,
  empty: "",
  kills: `test("kills", (t) => void process.kill(process.pid, "SIGKILL"));`,
  broken: `import "./nothing.js"; test("is never seen", (t) => t.pass());`,
};

async function run(names: readonly (keyof typeof files)[], { print, ...options }: Partial<Options> = {}) {
  const dir = await tempDir();
  try {
    await mkdir(join(dir.path, "tests"));
    await symlink(join(repositoryRoot, "node_modules"), join(dir.path, "node_modules"));
    await writeFile(join(dir.path, "package.json"), JSON.stringify({ type: "module", ava: { files: ["tests/*"] } }));
    for (const name of names) {
      await writeFile(join(dir.path, "tests", `${name}.test.js`), `import test from "ava";\n${files[name]}\n`);
    }
    const lines: string[] = [];
    const keep = (line: string) => {
      lines.push(line);
      print?.(line);
    };
    const counts = await runTests({ cwd: dir.path, print: keep, ...options });
    return { ...counts, text: lines.join("\n") };
  } finally {
    await dir.remove();
  }
}

test("what passed is counted and not told", async (t) => {
  const { text, ...counts } = await run(["good"]);
  t.deepEqual(counts, { passed: 1, failed: 0, skipped: 1 });
  t.notRegex(text, /is good|nothing to see/);
  t.regex(text, /is skipped/);
});

test("what failed is told in full, whatever way it failed", async (t) => {
  const { text, ...counts } = await run(["good", "bad", "exits", "throws", "forgets", "empty", "broken"]);
  t.deepEqual(counts, { passed: 2, failed: 6, skipped: 1 });
  t.regex(text, /\[fail\]: bad › is bad[\s\S]*Difference[\s\S]*- 1[\s\S]*\+ 2/);
  t.regex(text, /process\.exit\(\) when running tests\/exits\.test\.js/);
  t.regex(text, /Uncaught exception in tests\/throws\.test\.js[\s\S]*by itself/);
  t.regex(text, /never resolves/);
  t.regex(text, /No tests found in tests\/empty\.test\.js/);
  t.regex(text, /nothing\.js/);
});

test("an end of all is told too", async (t) => {
  const { text, ...counts } = await run(["kills"]);
  t.deepEqual(counts, { passed: 0, failed: 1, skipped: 0 });
  t.regex(text, /AVA was ended by SIGKILL/);
});

test("what hangs is named", async (t) => {
  // On a busy machine it may be over before a test began.
  for (const seconds of [5, 20, 80]) {
    const options = { args: [`--timeout=${seconds}s`], silence: seconds * 500 };
    const { text, ...counts } = await run(["hangs", "stays"], options);
    if (counts.passed < 2 && seconds < 80) continue;
    t.deepEqual(counts, { passed: 2, failed: 2, skipped: 1 });
    t.regex(text, /1 tests were pending in tests\/hangs\.test\.js\s+◌ hangs › hangs/);
    t.regex(text, /Failed to exit when running tests\/stays\.test\.js/);
    t.regex(text, /no result for [\s\S]*entrypoints\/cli\.mjs/);
    return;
  }
});

test("a run that takes too long is stopped, and says at what it was", async (t) => {
  const controller = new AbortController();
  // AVA tells of tests that it skips when it knows all tests of a file, before it has run any: another test of that file
  // would be pending too, or not.
  const print = (line: string) => line.includes("is skipped") && controller.abort();
  const { failed, text } = await run(["waits"], { print, signal: controller.signal });
  t.is(failed, 1);
  t.regex(text, /are stopped[\s\S]*Exiting due to SIGINT[\s\S]*◌ hangs/);
});
