import { createHash, randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { RpcStatus } from "../../../core/rpc/status.js";
import { createDirectorySync } from "../../../network/storagenode/directory-sync.js";
import { diskError } from "../../../network/storagenode/errors.js";
import {
  createBlockChecksums,
  decodeFooter,
  encodeFooter,
  footerReadSize,
  footerSize,
  pieceFileSize,
} from "../../../network/storagenode/piece-file.js";
import { openPiece } from "../../../network/storagenode/piece-reader.js";
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
  t.is(file.length, pieceFileSize(data.length));
  const read = decodeFooter(file.subarray(-footerReadSize(file.length)), file.length);
  t.is(read.size, data.length);
  t.is(read.header.orderLimit!.limit, 7);
  t.is(read.header.formatVersion, 1);
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
  const decode = (bytes: Uint8Array) => decodeFooter(bytes.subarray(-footerReadSize(bytes.length)), bytes.length);
  for (const size of [0, 1, 65_535, 65_536, 65_537, 131_072, 131_076, 1_000_000]) {
    const data = randomBytes(size);
    const checksums = createBlockChecksums();
    for (let at = 0; at < size; at += 40_000) checksums.update(data.subarray(at, at + 40_000));
    const tail = encodeFooter(header, checksums.finish());
    const file = Buffer.concat([data, tail]);
    t.is(file.length, pieceFileSize(size));
    const footer = decode(file);
    t.is(footer.size, size);
    t.deepEqual(footer.checksums, [...checksums.finish()]);
    for (const at of [size, file.length - footerSize, file.length - 500, file.length - 10, file.length - 1]) {
      const damaged = Buffer.from(file);
      damaged[at]! ^= 1;
      t.throws(() => decode(damaged), { code: "corrupt-data" }, `${size} ${at}`);
    }
    t.throws(() => decode(file.subarray(0, -1)), { code: "corrupt-data" });
  }
  const limit = OrderLimit.create({ encryptedMetadata: randomBytes(1100) });
  t.throws(() => encodeFooter({ ...header, orderLimit: limit }, []), { code: "internal" });
});

/** As the first version wrote it. */
function firstFooter(): Buffer {
  const body = PieceHeader.encode({ ...header, formatVersion: 1 }).finish();
  const footer = Buffer.alloc(footerSize);
  footer.writeUInt16BE(body.length);
  footer.set(body, 2);
  footer.write("\u0000piece1\n", footerSize - 8, "latin1");
  return footer;
}

test("files of the first version are read", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const path = join(dir.path, "piece");
  const data = randomBytes(150_000);
  const hash = createHash("sha256").update(data).digest();
  const footer = firstFooter();
  Buffer.from(PieceHeader.encode({ ...header, hash, formatVersion: 1 }).finish()).copy(footer, 2);
  await writeFile(path, Buffer.concat([data, footer]));
  const piece = await openPiece(path);
  t.is(piece.size, data.length);
  t.true(data.subarray(70_000, 140_000).equals(await piece.read(70_000, 70_000)));
  await piece.verify();
  await piece.close();
  data[100_000]! ^= 1;
  await writeFile(path, Buffer.concat([data, footer]));
  const damaged = await openPiece(path);
  await damaged.read(70_000, 70_000);
  await t.throwsAsync(damaged.verify(), { code: "corrupt-data" });
  await damaged.close();
  footer.writeUInt16BE(1020);
  await writeFile(path, footer);
  await t.throwsAsync(openPiece(path), { code: "corrupt-data" });
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
