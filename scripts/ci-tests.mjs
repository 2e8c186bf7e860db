// `node scripts/ci-tests.mjs [arguments of ava]`: runs the tests as `.ci/run` does. Prints all but what passed, and as its
// last line "N passed, N failed, N skipped"; always ends, and names what hangs.
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { root, setup } from "./setup.mjs";

/** Without a result for that long, what runs is printed: AVA gives up a little later, and by then it is gone. */
const silenceMs = 5 * 60_000;
/** `.ci/run` has half an hour for everything. */
const limitMs = 22 * 60_000;
/** Until what was told to stop is killed, and until output is given up which somebody left behind holds open. */
const graceMs = 20_000;
const outputMs = 2_000;
const keptLines = 40;

/**
 * Runs AVA in `cwd`, and gives what it says to `print`, line by line, without passing tests. Its reporter for people is
 * read, as that for machines (TAP) crashes when a test hangs or its file calls process.exit (AVA 7.0.0). It is stopped
 * by `signal`.
 */
export async function runTests({ cwd, args = [], print, silence = silenceMs, signal: stopped }) {
  const cli = join(root, "node_modules", "ava", "entrypoints", "cli.mjs");
  const ava = spawn(process.execPath, [cli, "--no-color", ...args], {
    cwd,
    env: { ...process.env, FORCE_COLOR: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(ava, "exit");
  const stop = () => {
    print("the tests take too long, and are stopped");
    ava.kill("SIGINT"); // it names what is pending
    setTimeout(() => ava.kill("SIGKILL"), graceMs).unref();
  };
  stopped?.addEventListener("abort", stop, { once: true });
  const isSilent = setTimeout(
    () => print(`no result for ${silence / 60_000} minutes; what runs:\n${processes()}`),
    silence,
  );
  const count = createCount();
  const read = async () => {
    for await (const line of createInterface({ input: ava.stdout })) {
      isSilent.refresh();
      if (count.add(line)) print(line);
    }
  };
  const errors = [];
  const readErrors = async () => {
    for await (const line of createInterface({ input: ava.stderr })) {
      errors.push(line);
      if (errors.length > keptLines) errors.shift();
    }
  };
  const isRead = Promise.all([read(), readErrors()]);
  const [status, signal] = await ended;
  clearTimeout(isSilent);
  await Promise.race([isRead, delay(outputMs)]);
  for (const stream of [ava.stdout, ava.stderr]) stream.destroy();
  const { passed, skipped } = count;
  // An end that it did not speak of is one failure more.
  const isSaid = signal === null && (status === 0 ? passed > 0 : count.failed > 0);
  const failed = count.failed + (isSaid ? 0 : 1);
  if (failed > 0) {
    if (signal !== null) print(`AVA was ended by ${signal}; the last that passed: ${count.lastPassed}`);
    print(`the last lines of what the tests printed:\n${errors.join("\n")}`);
  }
  return { passed, failed, skipped };
}

/** Reads AVA's default reporter (ava/lib/reporters/default.js). */
function createCount() {
  let isOver = false;
  let isOfPassed = false;
  return {
    passed: 0,
    failed: 0,
    skipped: 0,
    lastPassed: "none",
    /** Whether the line is about anything but a test that passed. */
    add(line) {
      // What follows says once more what failed, in full.
      isOver ||= /^ {2}─+$/.test(line);
      if (isOver) return true;
      if (/^ {4,}|^$/.test(line)) return !isOfPassed && line !== "";
      isOfPassed = /^ {2}[✔√] /.test(line);
      if (isOfPassed) {
        this.passed++;
        this.lastPassed = line.trim();
      } else if (line.startsWith("  - [skip] ")) this.skipped++;
      else if (/^ {2}(◌|\( \)) |^ {2}Failed to exit when running /.test(line)) this.failed++;
      else if (/^ {2}[✘×] (?!Timed out |Exiting )/.test(line)) {
        this.failed += Number(/(\d+) tests? remaining in /.exec(line)?.[1] ?? 1);
      }
      return !isOfPassed;
    },
  };
}

/** Servers of PostgreSQL say in their titles what they do, or wait for. */
function processes() {
  try {
    // All but those of the kernel.
    const args = ["--deselect", "--ppid", "2", "-p", "2", "-o", "pid,ppid,stat,etime,wchan:24,args", "--forest"];
    return execFileSync("ps", [...args, "--cols", "200"], { encoding: "utf8" });
  } catch (error) {
    return `ps: ${error.message}`;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await setup();
  const [args, signal] = [process.argv.slice(2), AbortSignal.timeout(limitMs)];
  const { passed, failed, skipped } = await runTests({ cwd: root, args, print: console.log, signal });
  console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
  process.exit(failed === 0 ? 0 : 1);
}
