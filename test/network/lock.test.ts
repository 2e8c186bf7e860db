import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { lockFolder } from "../../network/lock.js";
import { tempDir } from "../helpers/temp-dir.js";

test("a folder has one owner, whose number is known", async (t) => {
  const { path, remove } = await tempDir();
  t.teardown(remove);
  const lock = await lockFolder(path, "server");
  const message = `another server (process ${process.pid}) is using it`;
  await t.throwsAsync(lockFolder(path, "server"), { code: "already-exists", message });
  await writeFile(join(path, "lock"), "");
  await t.throwsAsync(lockFolder(path, "server"), { message: "another server is using it" });
  await lock.release();
  t.false((await readdir(path)).includes("lock"));
});

test("what a crash left does not matter, though a process of its number runs", async (t) => {
  const { path, remove } = await tempDir();
  t.teardown(remove);
  await writeFile(join(path, "lock"), String(process.ppid));
  await writeFile(join(path, "lock.db"), "");
  const lock = await lockFolder(path, "server");
  await t.throwsAsync(lockFolder(path, "server"), { message: new RegExp(String(process.pid)) });
  await lock.release();
});

test("a folder that is not there", async (t) => {
  const { path, remove } = await tempDir();
  t.teardown(remove);
  const missing = lockFolder(join(path, "missing"), "server");
  await t.throwsAsync(missing, { code: "unavailable", message: "it can not be written" });
});
