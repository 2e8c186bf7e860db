import test from "ava";
import { posternEntry } from "../helpers/postern-command.js";
import { mustRun, runProgram } from "../helpers/run-program.js";

test("the help of records tells how to name the database", async (t) => {
  for (const command of [[], ["invalidate"]]) {
    const { stdout } = await mustRun(process.execPath, [posternEntry, "auth", "records", ...command, "--help"]);
    t.regex(stdout, /--auth-database <url> \(env: POSTERN_AUTH_DATABASE\)/);
    t.regex(stdout, /--data-dir <dir>/);
  }
});

test("a command that is mistyped is told so", async (t) => {
  for (const words of [["recods"], ["auth", "recods", "show"], ["serve", "recods"]]) {
    const { code, stderr } = await runProgram(process.execPath, [posternEntry, ...words]);
    t.is(stderr, "error: unknown command 'recods'; see --help\n");
    t.is(code, 1);
  }
});
