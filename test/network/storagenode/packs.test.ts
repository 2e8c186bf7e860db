import { randomBytes } from "node:crypto";
import { appendFile, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { toHex } from "../../../core/bytes/bytes.js";
import { recordHeaderSize } from "../../../network/storagenode/pack-record.js";
import { openPacks, type Packs } from "../../../network/storagenode/packs.js";
import { tempDir } from "../../helpers/temp-dir.js";

const satellite = new Uint8Array(32).fill(7);

async function lab(t: ExecutionContext, packBytes = 1_000_000) {
  const dir = await tempDir();
  const unpacked = new Map<string, Buffer>();
  const problems: string[] = [];
  const all: Packs[] = [];
  t.teardown(async () => {
    for (const packs of all) await packs.close();
    await dir.remove();
  });
  return {
    folder: join(dir.path, "packs"),
    unpacked,
    problems,
    /** What happens while a piece is being unpacked. */
    during: async (_hex: string): Promise<void> => {},
    async open(): Promise<Packs> {
      const packs = await openPacks({
        dir: dir.path,
        durable: true,
        packBytes,
        unpack: async (_satelliteId, pieceId, packed) => {
          await this.during(toHex(pieceId));
          const name = `${toHex(pieceId)}${packed.trashedDay ?? ""}`;
          unpacked.set(name, await contentOf(packed));
          return async () => unpacked.delete(name);
        },
        onProblem: (message) => problems.push(message),
      });
      all.push(packs);
      return packs;
    },
  };
}

async function contentOf({ path, offset, size }: { path: string; offset: number; size: number }): Promise<Buffer> {
  return (await readFile(path)).subarray(offset, offset + size);
}

interface Piece {
  readonly id: Uint8Array;
  readonly data: Buffer;
}

async function appendPieces(packs: Packs, count: number, size: number): Promise<Piece[]> {
  const pieces = Array.from({ length: count }, () => ({ id: randomBytes(32), data: randomBytes(size) }));
  await Promise.all(pieces.map(({ id, data }) => packs.append(satellite, id, [data.subarray(0, 3), data.subarray(3)])));
  return pieces;
}

async function holds(t: ExecutionContext, packs: Packs, pieces: readonly Piece[]): Promise<void> {
  for (const { id, data } of pieces) t.true(data.equals(await contentOf(packs.find(satellite, id)!)));
  t.deepEqual(packs.list(satellite, { inTrash: false }).map(toHex).sort(), pieces.map(({ id }) => toHex(id)).sort());
}

test("pieces that come together are found, also after a restart", async (t) => {
  const one = await lab(t);
  const packs = await one.open();
  const pieces = [...(await appendPieces(packs, 40, 1000)), ...(await appendPieces(packs, 3, 100_000))];
  pieces.push(...(await appendPieces(packs, 1, 5)));
  await holds(t, packs, pieces);
  t.is(packs.find(new Uint8Array(32), pieces[0]!.id), undefined);
  t.is((await readdir(one.folder)).length, 1);
  await packs.close();
  const again = await one.open();
  await holds(t, again, pieces);
  t.is(again.bytes, packs.bytes);
  await appendPieces(again, 1, 10);
  t.is((await readdir(one.folder)).length, 2, "each start begins a new pack");
  t.deepEqual(one.problems, []);
});

test("a pack that is large enough takes no more", async (t) => {
  const one = await lab(t, 50_000);
  const packs = await one.open();
  const pieces: Piece[] = [];
  for (let round = 0; round < 6; round++) pieces.push(...(await appendPieces(packs, 2, 10_000)));
  t.is((await readdir(one.folder)).length, 3);
  await holds(t, packs, pieces);
});

test("what a crash cut at the end is not there, and what disks spoil costs one piece", async (t) => {
  const one = await lab(t);
  const packs = await one.open();
  const pieces = await appendPieces(packs, 5, 20_000);
  await packs.close();
  const path = join(one.folder, "00000001.pack");
  const bytes = await readFile(path);
  const size = recordHeaderSize + 20_000;
  await writeFile(path, bytes.subarray(0, 5 * size - 1));
  await holds(t, await one.open(), pieces.slice(0, 4));
  t.deepEqual(one.problems, []);

  bytes[2 * size + 20]! ^= 1;
  await writeFile(path, Buffer.concat([bytes, Buffer.alloc(3000)]));
  const again = await one.open();
  await holds(t, again, [...pieces.slice(0, 2), ...pieces.slice(3)]);
  t.deepEqual(one.problems, ["1 damaged places in a pack of pieces"]);
});

test("a piece that comes again replaces the first, and forgotten ones stay so", async (t) => {
  const one = await lab(t);
  const packs = await one.open();
  const pieces = await appendPieces(packs, 6, 1000);
  const second = randomBytes(2000);
  await packs.append(satellite, pieces[0]!.id, [second]);
  t.true(await packs.remove(satellite, pieces[1]!.id));
  t.false(await packs.remove(satellite, pieces[1]!.id));
  await packs.close();
  // A crash cut the last note.
  await appendFile(join(one.folder, "00000001.dead"), new Uint8Array(3));
  const left = [{ id: pieces[0]!.id, data: second }, ...pieces.slice(2)];
  const again = await one.open();
  await holds(t, again, left);
  await again.remove(satellite, pieces[2]!.id);
  await again.close();
  await holds(t, await one.open(), [left[0]!, ...pieces.slice(3)]);
});

test("a pack of which less than half is left is emptied, and its number is not used again", async (t) => {
  const one = await lab(t);
  let packs = await one.open();
  const pieces = await appendPieces(packs, 5, 1000);
  for (const { id } of pieces.slice(0, 3)) await packs.remove(satellite, id);
  await packs.settled();
  t.is(one.unpacked.size, 0, "it takes more pieces still");
  await packs.close();

  packs = await one.open();
  await packs.settled();
  t.deepEqual(
    [...one.unpacked.keys()].sort(),
    pieces
      .slice(3)
      .map(({ id }) => toHex(id))
      .sort(),
  );
  for (const { id, data } of pieces.slice(3)) t.true(data.equals(one.unpacked.get(toHex(id))!));
  t.deepEqual(await readdir(one.folder), []);
  t.is(packs.bytes, 0);
  t.deepEqual(packs.list(satellite, { inTrash: false }), []);

  const later = await appendPieces(packs, 2, 100);
  for (const { id } of later) await packs.remove(satellite, id);
  await packs.settled();
  t.deepEqual(await readdir(one.folder), [], "an empty one goes at once");
  await writeFile(join(one.folder, "00000009.dead"), new Uint8Array(8));
  await packs.close();
  packs = await one.open();
  await holds(t, packs, await appendPieces(packs, 2, 100));
  t.deepEqual(
    (await readdir(one.folder)).filter((name) => name.endsWith("pack")),
    ["00000010.pack"],
  );
});

test("a piece that is forgotten while its pack is emptied does not come back", async (t) => {
  const one = await lab(t);
  let packs = await one.open();
  const pieces = await appendPieces(packs, 5, 1000);
  for (const { id } of pieces.slice(0, 3)) await packs.remove(satellite, id);
  await packs.close();
  let forgotten: Promise<boolean> | undefined;
  one.during = async (hex) => {
    if (hex === toHex(pieces[4]!.id)) forgotten = packs.remove(satellite, pieces[4]!.id);
    await forgotten;
  };
  packs = await one.open();
  await packs.settled();
  t.true(await forgotten);
  t.deepEqual([...one.unpacked.keys()], [toHex(pieces[3]!.id)]);
  t.deepEqual(
    (await readdir(one.folder)).filter((name) => name.endsWith(".pack")),
    [],
  );
});

test("a write that fails rejects its pieces, and the next go to another pack", async (t) => {
  const one = await lab(t);
  const packs = await one.open();
  await writeFile(join(one.folder, "00000001.pack"), "taken");
  await t.throwsAsync(packs.append(satellite, randomBytes(32), [randomBytes(10)]), { code: "internal" });
  const pieces = await appendPieces(packs, 2, 10);
  await holds(t, packs, pieces);
  t.is((await stat(join(one.folder, "00000001.pack"))).size, 5);
});

test("the trash is a note, which lasts, and which pieces take with them when their pack goes", async (t) => {
  const one = await lab(t);
  let packs = await one.open();
  const pieces = await appendPieces(packs, 8, 1000);
  const hexes = pieces.map(({ id }) => toHex(id));
  const inTrash = () => packs.list(satellite, { inTrash: true }).map(toHex).sort();
  for (const [index, { id }] of pieces.slice(0, 5).entries())
    t.true(await packs.setTrashed(satellite, id, 100 + index));
  t.false(await packs.setTrashed(satellite, pieces[0]!.id, 200), "it is there already");
  t.false(await packs.setTrashed(satellite, randomBytes(32), 200));
  t.true(await packs.setTrashed(satellite, pieces[4]!.id, undefined));
  t.false(await packs.setTrashed(satellite, pieces[4]!.id, undefined));
  t.deepEqual(inTrash(), hexes.slice(0, 4).sort());
  t.is(packs.trashBytes, 4000);
  await packs.close();

  packs = await one.open();
  t.deepEqual(inTrash(), hexes.slice(0, 4).sort());
  t.is(packs.find(satellite, pieces[3]!.id)!.trashedDay, 103);
  await holds(t, packs, pieces.slice(4));
  t.is(await packs.emptyTrash(100), 0);
  t.is(await packs.emptyTrash(102), 2);
  t.is(packs.trashBytes, 2000);

  // While the first of the rest is copied, another is restored; the copy of what moved meanwhile is taken back.
  one.during = async (hex) => {
    one.during = async () => {};
    const [left] = [3, 2].map((index) => pieces[index]!).filter(({ id }) => toHex(id) === hex);
    if (left !== undefined) await packs.setTrashed(satellite, left.id, undefined);
  };
  for (const { id } of pieces.slice(4)) await packs.remove(satellite, id);
  await packs.settled();
  t.deepEqual([...one.unpacked.keys()].sort(), [`${hexes[3]!}103`, hexes[2]!].sort());
  t.deepEqual(await readdir(one.folder), []);
  t.is(packs.trashBytes, 0);
});
