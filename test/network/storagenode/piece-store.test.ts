import { randomBytes } from "node:crypto";
import { readdir, utimes } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { toHex } from "../../../core/bytes/bytes.js";
import { pieceFileSize } from "../../../network/storagenode/piece-file.js";
import { pieceName, satelliteFolder } from "../../../network/storagenode/piece-paths.js";
import { openPieceStore, type PieceStore } from "../../../network/storagenode/piece-store.js";
import { PieceHeader } from "../../../proto/gen/piecestore.js";
import { tempDir } from "../../helpers/temp-dir.js";

const satellite = new Uint8Array(32).fill(7);
const other = new Uint8Array(32).fill(8);
const day = 86_400_000;
const noon = Date.UTC(2030, 0, 10, 12);

const openStore = (dir: string, packed: boolean) =>
  openPieceStore({ dir, durable: false, packed, onProblem: (message) => Promise.reject(new Error(message)) });

async function storeOf(t: ExecutionContext, packed: boolean) {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const store = await openStore(dir.path, packed);
  t.teardown(() => store.close());
  return { dir: dir.path, store };
}

async function put(store: PieceStore, satelliteId: Uint8Array, pieceId: Uint8Array, size: number): Promise<Buffer> {
  const data = randomBytes(size);
  const writer = store.writer(satelliteId, pieceId);
  await writer.write(data);
  await writer.commit(PieceHeader.create({}));
  return data;
}

async function listed(store: PieceStore, satelliteId: Uint8Array): Promise<string[]> {
  const ids: string[] = [];
  for await (const id of store.list(satelliteId)) ids.push(toHex(id));
  return ids.sort();
}

async function readAll(store: PieceStore, pieceId: Uint8Array): Promise<{ data: Uint8Array; restored: boolean }> {
  const piece = await store.reader(satellite, pieceId);
  try {
    return { data: await piece.read(0, piece.size), restored: piece.restored };
  } finally {
    await piece.close();
  }
}

test("used bytes: counted at the start, beside what comes meanwhile, and kept", async (t) => {
  const packed = false;
  const { dir, store } = await storeOf(t, packed);
  const ids = Array.from({ length: 5 }, () => randomBytes(32));
  for (const id of ids) await put(store, satellite, id, 1000);
  t.is(store.usedBytes, undefined);
  const again = await openStore(dir, packed);
  const [first, second] = [randomBytes(32), randomBytes(32)];
  await put(again, other, first, 10);
  const counting = again.countUsed();
  await Promise.all([counting, put(again, other, second, 20)]);
  const small = pieceFileSize(10) + pieceFileSize(20);
  t.is(again.usedBytes, 5 * pieceFileSize(1000) + small);
  const fresh = await openStore(dir, packed);
  await fresh.countUsed();
  t.is(fresh.usedBytes, 5 * pieceFileSize(1000) + small);
  t.true(await fresh.delete(satellite, ids[0]!));
  t.false(await fresh.delete(satellite, ids[0]!));
  t.is(fresh.usedBytes, 4 * pieceFileSize(1000) + small);
  t.is(fresh.trashBytes, 0);
});

for (const packed of [false, true]) {
  test(`the trash: by day, restored by a reader or as a whole, emptied later${packed ? ", of packed pieces" : ""}`, async (t) => {
    const { dir, store } = await storeOf(t, packed);
    await store.countUsed();
    const ids = Array.from({ length: 4 }, () => randomBytes(32));
    const data = [];
    for (const id of ids) data.push(await put(store, satellite, id, 100));
    await put(store, other, ids[0]!, 100);
    const hexes = ids.map(toHex);
    t.deepEqual(await listed(store, satellite), [...hexes].sort());
    t.true((await store.storedAt(satellite, ids[0]!))! > Date.now() - 60_000);
    t.is(await store.storedAt(satellite, randomBytes(32)), undefined);

    for (const [index, id] of ids.entries()) t.true(await store.trash(satellite, id, noon + index * day));
    t.false(await store.trash(satellite, ids[0]!, noon));
    t.deepEqual(await listed(store, satellite), []);
    const folder = join(dir, "trash", satelliteFolder(satellite));
    const days = ["2030-01-10", "2030-01-11", "2030-01-12", "2030-01-13"];
    if (!packed) t.deepEqual((await readdir(folder)).sort(), days);
    t.is(store.trashBytes, 4 * pieceFileSize(100));
    const used = () => store.usedBytes! - (packed ? 5 * 88 : 0);
    t.is(used(), 5 * pieceFileSize(100));

    const read = await readAll(store, ids[3]!);
    t.true(read.restored);
    t.true(data[3]!.equals(read.data));
    t.false((await readAll(store, ids[3]!)).restored);
    t.is(store.trashBytes, 3 * pieceFileSize(100));

    t.is(await store.emptyTrash(noon), 0);
    t.is(await store.emptyTrash(noon + day), 1);
    // A pack keeps what is deleted until that is most of it.
    t.is(used(), (packed ? 5 : 4) * pieceFileSize(100));
    await t.throwsAsync(store.reader(satellite, ids[0]!), { code: "not-found" });
    t.is(await store.restoreTrash(other), 0);
    t.is(await store.restoreTrash(satellite), 2);
    t.is(store.trashBytes, 0);
    t.deepEqual(await listed(store, satellite), hexes.slice(1).sort());
    t.deepEqual(await listed(store, other), [hexes[0]!]);
    if (!packed) t.deepEqual(await readdir(folder), []);
  });
}

test("a piece in the trash keeps the time at which it was stored", async (t) => {
  const { dir, store } = await storeOf(t, false);
  const id = randomBytes(32);
  await put(store, satellite, id, 1);
  const path = join(dir, "pieces", satelliteFolder(satellite), pieceName(id));
  await utimes(path, new Date(noon), new Date(noon));
  await store.trash(satellite, id, noon + day);
  await store.restoreTrash(satellite);
  t.is(await store.storedAt(satellite, id), noon);
});

test("pieces leave the trash and their pack with the time at which they were stored", async (t) => {
  const { dir, store } = await storeOf(t, true);
  const ids = Array.from({ length: 5 }, () => randomBytes(32));
  const data = [];
  for (const id of ids) data.push(await put(store, satellite, id, 1000));
  const times = await Promise.all(ids.map((id) => store.storedAt(satellite, id)));
  await store.close();
  const again = await openStore(dir, true);
  t.deepEqual(await Promise.all(ids.map((id) => again.storedAt(satellite, id))), times);
  t.true(await again.trash(satellite, ids[1]!, noon));
  t.true(await again.delete(satellite, ids[0]!));
  t.true(await again.delete(satellite, ids[3]!));
  t.true(await again.delete(satellite, ids[4]!));
  await again.settled();
  t.deepEqual(await readdir(join(dir, "packs")), [], "most of the pack was gone, and the rest has files of its own");
  t.is(again.trashBytes, undefined);
  await again.countUsed();
  t.is(again.trashBytes, pieceFileSize(1000));
  t.is(await again.restoreTrash(satellite), 1);
  for (const index of [1, 2]) {
    t.is(await again.storedAt(satellite, ids[index]!), times[index]);
    t.true(data[index]!.equals((await readAll(again, ids[index]!)).data));
  }
  t.deepEqual(await listed(again, satellite), ids.slice(1, 3).map(toHex).sort());
  t.is(await again.storedAt(satellite, ids[0]!), undefined);
  await again.close();
});

test("a large piece has a file of its own, and takes the place of a small one", async (t) => {
  const { dir, store } = await storeOf(t, true);
  const id = randomBytes(32);
  await put(store, satellite, id, 10);
  await put(store, satellite, randomBytes(32), 380_000);
  const large = await put(store, satellite, id, 400_000);
  t.true(large.equals((await readAll(store, id)).data));
  t.is((await listed(store, satellite)).length, 2);
  await store.close();
  const files = (await readdir(join(dir, "pieces"), { recursive: true })).filter((name) => name.endsWith(".piece"));
  t.is(files.length, 1);
});
