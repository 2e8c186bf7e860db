import { mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { isPosternError } from "../../../../core/errors.js";
import { openSqlite } from "../../../../network/satellite/db/open.js";
import { tempDir } from "../../../helpers/temp-dir.js";

test("a file that is no database, or a damaged one, gives one clear error", async (t) => {
  const { path, remove } = await tempDir();
  t.teardown(remove);
  const file = join(path, "satellite.db");
  await writeFile(file, "this is not a database, whatever its name may be".repeat(100));
  const none = await t.throwsAsync(openSqlite({ file }));
  t.true(isPosternError(none, "corrupt-data"));
  t.is(none!.message, `the satellite database ${file} is damaged`);

  const damaged = join(path, "damaged.db");
  await (await openSqlite({ file: damaged })).close();
  const handle = await open(damaged, "r+");
  const { size } = await handle.stat();
  await handle.write(Buffer.alloc(size - 4096, 0x55), 0, size - 4096, 4096);
  await handle.close();
  t.true(isPosternError(await t.throwsAsync(openSqlite({ file: damaged })), "corrupt-data"));
});

test("a file that can not be made gives one clear error", async (t) => {
  const { path, remove } = await tempDir();
  t.teardown(remove);
  const file = join(path, "missing", "satellite.db");
  const error = await t.throwsAsync(openSqlite({ file }));
  t.true(isPosternError(error, "unavailable"));
  t.is(error!.message, `the satellite database ${file} can not be written`);
  await mkdir(join(path, "folder"));
  t.true(isPosternError(await t.throwsAsync(openSqlite({ file: join(path, "folder") }))));
});
