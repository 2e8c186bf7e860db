import { join } from "node:path";
import test from "ava";
import { RpcStatus } from "../../../core/rpc/status.js";
import { pieceFileSize } from "../../../network/storagenode/piece-file.js";
import { createSpace } from "../../../network/storagenode/space.js";
import { tempDir } from "../../helpers/temp-dir.js";
import { throwsStatus } from "../../helpers/throws-status.js";

test("what is left of the capacity, of the disk, and never less than nothing", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  let used = 600;
  const make = (capacityBytes: number, reserveBytes = 0) =>
    createSpace({ dir: dir.path, capacityBytes, reserveBytes, usedBytes: () => used, now: () => 0 });
  const limited = make(1000);
  t.is(await limited.available(), 400);
  used = 1200;
  t.is(await limited.available(), 0);
  const free = await make(Number.POSITIVE_INFINITY).available();
  t.true(Number.isSafeInteger(free) && free > 0);
  t.is(await make(Number.POSITIVE_INFINITY, Number.MAX_SAFE_INTEGER).available(), 0);
});

test("what is reserved is not there for others, until it is given back", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const piece = 100_000;
  const file = pieceFileSize(piece);
  let used = 0;
  const space = createSpace({
    dir: dir.path,
    capacityBytes: 2 * file + 10,
    reserveBytes: 0,
    usedBytes: () => used,
    now: () => 0,
  });
  const results = await Promise.allSettled([1, 2, 3].map(() => space.reserve(piece)));
  t.deepEqual(
    results.map(({ status }) => status),
    ["fulfilled", "fulfilled", "rejected"],
  );
  const message = `not enough available disk space, have: 0, need: ${piece}`;
  await throwsStatus(t, space.reserve(piece), RpcStatus.Aborted, message);
  t.is(await space.available(), 10);
  const [first, second] = results.map((one) => (one.status === "fulfilled" ? one.value : undefined));
  used += file;
  first!.release(file);
  first!.release(file);
  t.is(await space.available(), 10);
  second!.release(0);
  t.is(await space.available(), file + 10);
  await t.notThrowsAsync(space.reserve(piece));
});

test("bytes that were written since the last look at the disk are not there", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const space = createSpace({
    dir: dir.path,
    capacityBytes: Number.POSITIVE_INFINITY,
    reserveBytes: 0,
    usedBytes: () => 0,
    now: () => 0,
  });
  const before = await space.available();
  (await space.reserve(5000)).release(3000);
  t.is(await space.available(), before - 3000);
});

test("a disk that can not be looked at is looked at again", async (t) => {
  const dir = await tempDir();
  const missing = { capacityBytes: 10, reserveBytes: 0, usedBytes: () => 0, now: () => 0 };
  const space = createSpace({ dir: join(dir.path, "missing"), ...missing });
  await t.throwsAsync(space.available(), { message: "file does not exist" });
  await t.throwsAsync(space.available(), { message: "file does not exist" });
  await dir.remove();
});
