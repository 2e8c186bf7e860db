import test from "ava";
import { posternEntry } from "../helpers/postern-command.js";
import { mustRun } from "../helpers/run-program.js";

test("the help of records tells how to name the database", async (t) => {
  for (const command of [[], ["invalidate"]]) {
    const { stdout } = await mustRun(process.execPath, [posternEntry, "auth", "records", ...command, "--help"]);
    t.regex(stdout, /--auth-database <url> \(env: POSTERN_AUTH_DATABASE\)/);
    t.regex(stdout, /--data-dir <dir>/);
  }
});
