import { createHash } from "node:crypto";
import test from "ava";
import { toHex, utf8 } from "../../../core/bytes/bytes.js";
import { createPieceHasher } from "../../../core/segment/piece-hash.js";

test("SHA-256", (t) => {
  const hasher = createPieceHasher(0);
  hasher.update(utf8("ab"));
  hasher.update(utf8("c"));
  t.is(toHex(hasher.digest()), createHash("sha256").update("abc").digest("hex"));
});

// From the official vectors, BLAKE3-team/BLAKE3 test_vectors.json: input byte i is i % 251.
const blake3 = [
  [0, "af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262"],
  [1, "2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213"],
  [1024, "42214739f095a406f3fc83deb889744ac00df831c10daa55189b5d121c855af7"],
  [1025, "d00278ae47eb27b34faecf67b4fe263f82d5412916c1ffd97c8cb7fb814b8444"],
  [102_400, "bc3e3d41a1146b069abffad3c0d44860cf664390afce4d9661f7902e7943e085"],
] as const;

test("BLAKE3: official vectors, several hashers at once", (t) => {
  const hashers = blake3.map(() => createPieceHasher(1));
  const longest = blake3.at(-1)![0];
  const input = Uint8Array.from({ length: longest }, (_, i) => i % 251);
  for (let at = 0; at < longest; at += 700) {
    for (const [i, [length]] of blake3.entries())
      hashers[i]!.update(input.subarray(Math.min(at, length), Math.min(at + 700, length)));
  }
  for (const [i, [, digest]] of blake3.entries()) t.is(toHex(hashers[i]!.digest()), digest);
});
