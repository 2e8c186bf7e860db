import { randomBytes } from "node:crypto";
import { appendFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { toHex } from "../../../core/bytes/bytes.js";
import { type Expirations, openExpirations } from "../../../network/storagenode/expirations.js";
import { satelliteFolder } from "../../../network/storagenode/piece-paths.js";
import { tempDir } from "../../helpers/temp-dir.js";

const satellite = new Uint8Array(32).fill(7);
const hour = 3_600_000;
const start = Date.UTC(2030, 0, 1, 5);

async function due(expirations: Expirations, beforeMs: number, forget = true): Promise<string[][]> {
  const batches: string[][] = [];
  for await (const { satelliteId, pieceIds, done } of expirations.due(beforeMs, 2)) {
    batches.push(pieceIds.map(toHex).concat(toHex(satelliteId).slice(0, 2)));
    if (forget) await done();
  }
  return batches;
}

test("pieces are due when their hour is over, in batches, until they are forgotten", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  let expirations = await openExpirations(dir.path);
  const ids = Array.from({ length: 5 }, () => randomBytes(32));
  const hexes = ids.map(toHex);
  await Promise.all(ids.slice(0, 3).map((id, index) => expirations.add(satellite, id, start + index * 1000)));
  await expirations.add(satellite, ids[3]!, start + hour);
  await expirations.add(new Uint8Array(32).fill(9), ids[4]!, start - 1);
  const folder = join(dir.path, "expirations", satelliteFolder(satellite));
  t.deepEqual((await readdir(folder)).sort(), ["2030-01-01_05.dat", "2030-01-01_06.dat"]);

  t.deepEqual(await due(expirations, start - 1), []);
  t.deepEqual(await due(expirations, start), [[hexes[4]!, "09"]]);
  const first = [
    [hexes[1]!, hexes[2]!, "07"],
    [hexes[0]!, "07"],
  ];
  t.deepEqual(await due(expirations, start + hour, false), first);
  expirations = await openExpirations(dir.path);
  for await (const batch of expirations.due(start + hour, 2)) {
    await batch.done();
    break;
  }
  t.deepEqual(await due(expirations, start + hour), [first[1]!]);
  t.deepEqual(await due(expirations, start + hour), []);
  t.deepEqual(await readdir(folder), ["2030-01-01_06.dat"]);
});

test("an id that a crash cut does not spoil those after it", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const [first, second] = [randomBytes(32), randomBytes(32)];
  await (await openExpirations(dir.path)).add(satellite, first, start);
  await appendFile(join(dir.path, "expirations", satelliteFolder(satellite), "2030-01-01_05.dat"), randomBytes(10));
  const expirations = await openExpirations(dir.path);
  await expirations.add(satellite, second, start);
  const ids = (await due(expirations, start + hour)).flat();
  t.true(ids.includes(toHex(first)));
  t.true(ids.includes(toHex(second)));
});
