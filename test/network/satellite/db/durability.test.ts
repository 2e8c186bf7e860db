import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import test from "ava";
import { toHex } from "../../../../core/bytes/bytes.js";
import { openSqlite } from "../../../../network/satellite/db/open.js";
import { repositoryRoot } from "../../../helpers/root.js";
import { tempDir } from "../../../helpers/temp-dir.js";

test("what was acknowledged is there after the process was killed", async (t) => {
  const { path, remove } = await tempDir();
  t.teardown(remove);
  const program = join(repositoryRoot, "dist/test/helpers/commit-forever.js");
  const child = spawn(process.execPath, [program, path], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  let output = "";
  for await (const chunk of child.stdout) {
    output += chunk;
    if (output.length > 17 * 300) child.kill("SIGKILL");
  }
  t.deepEqual(await exited, [null, "SIGKILL"]);
  const acknowledged = output.split("\n").slice(0, -1);
  t.true(acknowledged.length >= 300);

  const db = await openSqlite({ file: join(path, "satellite.db") });
  t.teardown(() => db.close());
  const rows = await db.read.all<{ revoked: Uint8Array }>("SELECT revoked FROM revocations");
  const kept = new Set(rows.map(({ revoked }) => toHex(revoked)));
  t.deepEqual(
    acknowledged.filter((id) => !kept.has(id)),
    [],
  );
});
