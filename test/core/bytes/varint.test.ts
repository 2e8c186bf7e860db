import test from "ava";
import { fromHex, toHex } from "../../../core/bytes/bytes.js";
import { encodeVarint, readVarint, readVarint64 } from "../../../core/bytes/varint.js";
import { readVectors } from "../../helpers/vectors.js";

const vectors = readVectors<{
  varints: { bytes: string; value: string }[];
  varintsDecode: { bytes: string; ok: boolean; error: string | null; value?: string; remaining?: string }[];
}>("drpc-frames");

test("varints: encodes and reads all 64 bits", (t) => {
  for (const { bytes, value } of vectors.varints) {
    const n = BigInt(value);
    const length = bytes.length / 2;
    t.is(toHex(encodeVarint(n)), bytes);
    t.deepEqual(readVarint64(fromHex(bytes), 0), { value: n, next: length });
    if (n <= BigInt(Number.MAX_SAFE_INTEGER)) {
      t.is(toHex(encodeVarint(Number(n))), bytes);
      t.deepEqual(readVarint(fromHex(`ffff${bytes}00`), 2), { value: Number(n), next: 2 + length });
    } else {
      t.throws(() => readVarint(fromHex(bytes), 0), { code: "protocol-error" });
    }
  }
});

test("varintsDecode: odd encodings as in Go", (t) => {
  for (const { bytes, ok, error, value, remaining } of vectors.varintsDecode) {
    const buf = fromHex(bytes);
    if (error !== null) {
      t.throws(() => readVarint64(buf, 0), { code: "protocol-error" }, bytes);
      t.throws(() => readVarint(buf, 0), { code: "protocol-error" }, bytes);
    } else if (!ok) {
      t.is(readVarint64(buf, 0), undefined, bytes);
      t.is(readVarint(buf, 0), undefined, bytes);
    } else {
      t.deepEqual(readVarint64(buf, 0), { value: BigInt(value!), next: buf.length - remaining!.length / 2 }, bytes);
    }
  }
});

test("out of range amounts are refused", (t) => {
  for (const n of [-1, 1.5, 2 ** 53, Number.NaN, -1n, 2n ** 64n]) {
    t.throws(() => encodeVarint(n), { code: "invalid-argument" });
  }
});
