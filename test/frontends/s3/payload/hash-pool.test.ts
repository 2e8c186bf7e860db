import { createHash, randomBytes } from "node:crypto";
import test from "ava";
import { createHashPool } from "../../../../frontends/s3/payload/hash-pool.js";

const pool = createHashPool(2);
test.after.always(() => pool.close());

function expected(data: Uint8Array): string[] {
  return ["md5", "sha256"].map((algorithm) => createHash(algorithm).update(data).digest("hex"));
}

async function hashed(data: Uint8Array, pieceBytes: number): Promise<string[]> {
  const hashes = pool.open(["md5", "sha256"], data.length);
  for (let at = 0; at < data.length; at += pieceBytes) {
    const piece = Uint8Array.from(data.subarray(at, at + pieceBytes));
    await hashes.update(piece);
    piece.fill(0); // it may be reused at once
  }
  return (await hashes.digest()).map((digest) => digest.toString("hex"));
}

test("hashes bodies of any size and cutting, several at a time", async (t) => {
  const sizes = [0, 1, 100_000, 524_288, 131_072 * 6, 3_000_001];
  await Promise.all(
    sizes.flatMap((size) =>
      [7_000_000, 100_003, 65_536].map(async (pieceBytes) => {
        const data = randomBytes(size);
        t.deepEqual(await hashed(data, pieceBytes), expected(data), `${size} in ${pieceBytes}`);
      }),
    ),
  );
});

test("a body that is given up is forgotten", async (t) => {
  const hashes = pool.open(["md5"], 2 ** 20);
  await hashes.update(Buffer.alloc(600_000));
  hashes.abandon();
  const data = randomBytes(2 ** 20);
  t.deepEqual(await hashed(data, 65_536), expected(data));
});

test("a pool that closes fails its bodies", async (t) => {
  const other = createHashPool(1);
  const hashes = other.open(["md5"], 2 ** 20);
  await hashes.update(Buffer.alloc(2 ** 20));
  await other.close();
  await t.throwsAsync(hashes.digest(), { message: /thread ended/ });
});
