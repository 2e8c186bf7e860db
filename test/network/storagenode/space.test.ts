import { join } from "node:path";
import test from "ava";
import { createAvailableSpace } from "../../../network/storagenode/space.js";
import { tempDir } from "../../helpers/temp-dir.js";

test("what is left of the capacity, of the disk, and never less than nothing", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  let used = 600;
  const make = (capacityBytes: number, reserveBytes = 0) =>
    createAvailableSpace({ dir: dir.path, capacityBytes, reserveBytes, usedBytes: () => used, now: () => 0 });
  const limited = make(1000);
  t.is(await limited(), 400);
  used = 1200;
  t.is(await limited(), 0);
  const free = await make(Number.POSITIVE_INFINITY)();
  t.true(Number.isSafeInteger(free) && free > 0);
  t.is(await make(Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER)(), 0);
});

test("a disk that can not be looked at is looked at again", async (t) => {
  const dir = await tempDir();
  const missing = { capacityBytes: 10, reserveBytes: 0, usedBytes: () => 0, now: () => 0 };
  const space = createAvailableSpace({ dir: join(dir.path, "missing"), ...missing });
  await t.throwsAsync(space(), { message: "file does not exist" });
  await t.throwsAsync(space(), { message: "file does not exist" });
  await dir.remove();
});
