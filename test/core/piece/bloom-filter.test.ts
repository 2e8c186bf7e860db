import { createHash } from "node:crypto";
import test from "ava";
import { fromHex, toHex } from "../../../core/bytes/bytes.js";
import { createBloomFilter, optimalParameters, parseBloomFilter } from "../../../core/piece/bloom-filter.js";
import { readVectors } from "../../helpers/vectors.js";

interface Vectors {
  readonly filters: readonly {
    readonly seed: number;
    readonly hashCount: number;
    readonly size: number;
    /** Pieces 0 to this were added. */
    readonly pieces: number;
    readonly filter: string;
    /** Pieces 1000 to 1199 that the filter can not tell from them. */
    readonly contained: readonly number[];
  }[];
  readonly optimal: readonly {
    readonly pieces: number;
    readonly rate: number;
    readonly hashCount: number;
    readonly size: number;
  }[];
}

// Made with storj/storj shared/bloomfilter.
const vectors = readVectors<Vectors>("bloom-filter");

function pieceOf(index: number): Uint8Array {
  return createHash("sha256").update(`piece ${index}`).digest();
}

test("filters are those of the real satellite, bit by bit", (t) => {
  for (const { seed, hashCount, size, pieces, filter } of vectors.filters) {
    const made = createBloomFilter({ seed, hashCount, size });
    for (let index = 0; index < pieces; index++) made.add(pieceOf(index));
    t.is(toHex(made.bytes()), filter);
  }
});

test("and are read as the real node reads them", (t) => {
  for (const { hashCount, size, pieces, filter, contained } of vectors.filters) {
    const read = parseBloomFilter(fromHex(filter));
    t.is(read.hashCount, hashCount);
    t.is(read.size, size);
    for (let index = 0; index < pieces; index++) t.true(read.contains(pieceOf(index)));
    const others = Array.from({ length: 200 }, (_, index) => 1000 + index);
    t.deepEqual(
      others.filter((index) => read.contains(pieceOf(index))),
      contained,
    );
  }
});

test("parameters", (t) => {
  for (const { pieces, rate, hashCount, size } of vectors.optimal) {
    t.deepEqual(optimalParameters(pieces, rate), { hashCount, size });
  }
  t.is(optimalParameters(1_000_000, 0.1, 1000).size, 1000);
});

test("what is no filter", (t) => {
  const invalid = { code: "invalid-argument" };
  t.throws(() => parseBloomFilter(new Uint8Array(0)), { ...invalid, message: "not enough data" });
  t.throws(() => parseBloomFilter(Uint8Array.of(1, 0, 1)), { ...invalid, message: "not enough data" });
  t.throws(() => parseBloomFilter(Uint8Array.of(2, 0, 1, 0)), { ...invalid, message: "unsupported version 2" });
  t.throws(() => parseBloomFilter(Uint8Array.of(1, 0, 0, 0)), { ...invalid, message: "invalid hash count 0" });
});
