import test from "ava";
import { createBLAKE3 } from "hash-wasm";
import { toHex } from "../../../core/bytes/bytes.js";
import { createBlake3 } from "../../../core/crypto/blake3/blake3.js";

/** The input of the official vectors: byte i is i % 251. */
const input = Uint8Array.from({ length: 300_000 }, (_, i) => i % 251);

function hash(length: number, step: number): string {
  const hasher = createBlake3();
  for (let at = 0; at < length; at += step) hasher.update(input.subarray(at, Math.min(length, at + step)));
  return toHex(hasher.digest());
}

// From BLAKE3-team/BLAKE3 test_vectors/test_vectors.json.
const official = [
  [0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"],
  [1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"],
  [1_024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"],
  [1_025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"],
  [102_400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"],
] as const;

test("official vectors", (t) => {
  for (const [length, digest] of official) t.is(hash(length, 1 << 20), digest);
});

test("equals another implementation at every border of blocks, chunks and subtrees, however the bytes come", async (t) => {
  const other = await createBLAKE3();
  const lengths = new Set<number>();
  for (const border of [
    0, 64, 128, 960, 1_024, 2_048, 3_072, 4_096, 5_120, 8_192, 15_360, 16_384, 17_408, 32_768, 65_536,
  ]) {
    for (const offset of [-1, 0, 1, 63, 65]) if (border + offset >= 0) lengths.add(border + offset);
  }
  for (let chunks = 1; chunks <= 130; chunks += 7) lengths.add(chunks * 1_024).add(chunks * 1_024 + 333);
  lengths
    .add(16_384 * 7)
    .add(16_384 * 8)
    .add(16_384 * 8 + 1)
    .add(16_384 * 13 + 5_000)
    .add(300_000);
  for (const length of lengths) {
    const expected = other.init().update(input.subarray(0, length)).digest("hex");
    for (const step of [300_000, 16_384, 1_000]) t.is(hash(length, step), expected, `${length} bytes, ${step} at once`);
  }
});

test("hashers do not disturb each other", (t) => {
  const [a, b] = [createBlake3(), createBlake3()];
  for (let at = 0; at < 100_000; at += 5_000) {
    a.update(input.subarray(at, at + 5_000));
    b.update(input.subarray(at, at + 4_999));
  }
  t.is(toHex(a.digest()), hash(100_000, 100_000));
  t.not(toHex(b.digest()), toHex(a.digest()));
});

test("small pieces of data", (t) => {
  t.is(hash(3_000, 1), hash(3_000, 3_000));
});
