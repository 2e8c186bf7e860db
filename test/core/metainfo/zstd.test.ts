import test from "ava";
import { utf8Text } from "../../../core/bytes/bytes.js";
import { decompressZstd } from "../../../core/metainfo/zstd.js";

// "postern " 64 times, by github.com/klauspost/compress/zstd, which satellites use: EncodeAll, and in two flushed writes.
const whole = Buffer.from("KLUv/UQAAAGFAABAcG9zdGVybiABVAgDLPULVYROXQ==", "base64");
const streamed = Buffer.from("KLUv/QRofAAAQHBvc3Rlcm4gAVQIAym5RQAAAAFUAAYsmWNVhE5d", "base64");
const text = "postern ".repeat(64);

test("frames with and without their size", (t) => {
  t.is(utf8Text(decompressZstd(whole, 512)), text);
  t.is(utf8Text(decompressZstd(streamed, 64 << 20)), text);
});

test("refuses what is too large before it is made", (t) => {
  t.throws(() => decompressZstd(whole, 511), { code: "protocol-error" });
  t.throws(() => decompressZstd(streamed, 511), { code: "protocol-error" });
  // A header that claims 2^40 bytes.
  const huge = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0);
  t.throws(() => decompressZstd(huge, 64 << 20), { code: "protocol-error" });
});

test("refuses what is no zstd", (t) => {
  for (const bytes of [new Uint8Array(0), whole.subarray(0, 5), whole.subarray(0, 12), Buffer.from("not compressed")]) {
    t.throws(() => decompressZstd(bytes, 1 << 20), { code: "protocol-error" });
  }
});
