import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { RpcStatus } from "../../../core/rpc/status.js";
import { createDirectorySync } from "../../../network/storagenode/directory-sync.js";
import { diskError } from "../../../network/storagenode/errors.js";
import { decodeFooter, encodeFooter, footerSize } from "../../../network/storagenode/piece-file.js";
import { createPieceWriter } from "../../../network/storagenode/piece-writer.js";
import { OrderLimit } from "../../../proto/gen/orders.js";
import { PieceHeader } from "../../../proto/gen/piecestore.js";
import { tempDir } from "../../helpers/temp-dir.js";

const header = PieceHeader.create({ hash: new Uint8Array(32).fill(1), orderLimit: { limit: 7 } });

test("a file is the piece and its footer", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const path = join(dir.path, "piece");
  const writer = createPieceWriter({ temporaryPath: join(dir.path, "t"), finalPath: async () => path });
  const data = randomBytes(1_000_000);
  for (let at = 0; at < data.length; at += 70_001) await writer.write(data.subarray(at, at + 70_001));
  t.is(writer.size, data.length);
  await writer.commit(header);
  await writer.abort();
  const file = await readFile(path);
  t.true(file.subarray(0, data.length).equals(data));
  t.is(file.length, data.length + footerSize);
  const read = decodeFooter(file.subarray(data.length));
  t.is(read.orderLimit!.limit, 7);
  t.is(read.formatVersion, 1);
  t.deepEqual(await readdir(dir.path), ["piece"]);
});

test("nothing is left after an abort or a failure, whenever it comes", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const temporaryPath = join(dir.path, "t");
  const make = (finalPath: () => Promise<string>) => createPieceWriter({ temporaryPath, finalPath });
  const large = randomBytes(300_000);

  const idle = make(async () => "");
  await idle.abort();
  const small = make(async () => "");
  await small.write(randomBytes(10));
  t.deepEqual(await readdir(dir.path), [], "little data stays in memory");
  await small.abort();
  const writing = make(async () => "");
  await writing.write(large);
  await writing.abort();
  t.deepEqual(await readdir(dir.path), []);
  const nameless = make(async () => join(dir.path, "missing", "piece"));
  await nameless.write(large);
  await t.throwsAsync(nameless.commit(header), { code: "not-found" });
  await nameless.abort();
  t.deepEqual(await readdir(dir.path), []);
});

test("a write that fails is heard of at the next call", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const missing = join(dir.path, "missing");
  const writer = createPieceWriter({ temporaryPath: join(missing, "t"), finalPath: async () => join(dir.path, "p") });
  await writer.write(randomBytes(300_000));
  await t.throwsAsync(writer.write(randomBytes(300_000)), { code: "not-found" });
  await mkdir(missing);
  await writer.abort();
  await rm(missing, { recursive: true });
  t.deepEqual(await readdir(dir.path), []);
});

test("a full disk is status 10, and no path gets into a text", (t) => {
  const fault = (code: string) => diskError(Object.assign(new Error("/secret/path"), { code }));
  for (const code of ["ENOSPC", "EDQUOT"]) t.is(fault(code).status, RpcStatus.Aborted);
  t.is(fault("ENOENT").status, RpcStatus.NotFound);
  t.is(fault("EIO").status, RpcStatus.Internal);
  for (const code of ["ENOSPC", "ENOENT", "EIO"]) t.notRegex(fault(code).message, /secret/);
});

test("footers", (t) => {
  const footer = encodeFooter(header);
  t.is(footer.length, footerSize);
  const damaged = Buffer.from(footer);
  damaged[footerSize - 1]! ^= 1;
  t.throws(() => decodeFooter(damaged), { code: "corrupt-data" });
  t.throws(() => decodeFooter(footer.subarray(1)), { code: "corrupt-data" });
  const long = Buffer.from(footer);
  long.writeUInt16BE(1020);
  t.throws(() => decodeFooter(long), { code: "corrupt-data" });
  const limit = OrderLimit.create({ encryptedMetadata: randomBytes(1100) });
  t.throws(() => encodeFooter({ ...header, orderLimit: limit }), { code: "internal" });
});

test("whoever asks during a sync of a folder shares the next", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const sync = createDirectorySync();
  const first = sync(dir.path);
  const second = sync(dir.path);
  t.not(first, second);
  t.is(sync(dir.path), second);
  await Promise.all([first, second]);
  await sync(dir.path);
  await t.throwsAsync(sync(join(dir.path, "missing")));
  await t.throwsAsync(sync(join(dir.path, "missing")), undefined, "and again");
});
