import { spawnSync } from "node:child_process";
import { join } from "node:path";
import test from "ava";
import { equalBytes, fromHex, toHex } from "../../../core/bytes/bytes.js";
import { createErasureCode } from "../../../core/erasure/code.js";
import { loadKernel } from "../../../core/erasure/kernel.js";
import { type Share, shareNumbers } from "../../../core/erasure/share.js";
import { isPosternError, type PosternError } from "../../../core/errors.js";
import { compareKernel } from "../../helpers/compare-kernel.js";
import { repositoryRoot } from "../../helpers/root.js";
import { pattern, readVectors } from "../../helpers/vectors.js";

interface DecodeVector {
  why: string;
  k: number;
  n: number;
  shareSize: number;
  shares: { number: number; data: string }[];
  decoded?: string;
  decodeError?: string;
  notEnough?: boolean;
  tooManyErrors?: boolean;
  decodedEqualsOriginal?: boolean;
  rebuilt?: string;
  rebuiltEqualsOriginal?: boolean;
  rebuildError?: string;
}

const vectors = readVectors<{
  encode: { k: number; n: number; shareSize: number; data: string; shares: string[] }[];
  encodeLengths: { k: number; n: number; length: number; error: string | null }[];
  invalidParameters: { k: number; n: number }[];
  decode: DecodeVector[];
}>("erasure");

test("encode: every vector", (t) => {
  for (const { k, n, data, shares } of vectors.encode) {
    t.deepEqual(createErasureCode(k, n).encode(fromHex(data)).map(toHex), shares, `${k} of ${n}`);
  }
});

test("encode: takes whole blocks only", (t) => {
  for (const { k, n, length, error } of vectors.encodeLengths) {
    const encode = () => createErasureCode(k, n).encode(new Uint8Array(length));
    if (error === null) t.is(encode().length, n);
    else t.throws(encode, { message: /equal blocks/ });
  }
});

test("invalid share counts", (t) => {
  for (const { k, n } of vectors.invalidParameters) {
    t.true(
      isPosternError(
        t.throws(() => createErasureCode(k, n)),
        "invalid-argument",
      ),
      `${k} of ${n}`,
    );
  }
  t.throws(() => createErasureCode(1.5, 3));
});

test("decode: every vector", (t) => {
  for (const vector of vectors.decode) {
    const { k, n, why } = vector;
    const decode = () => createErasureCode(k, n).decode(sharesOf(vector));
    if (vector.decodeError === undefined) {
      t.is(toHex(decode().data), vector.decoded!, why);
      t.is(vector.decoded === toHex(pattern("ec", k * vector.shareSize)), vector.decodedEqualsOriginal!, why);
    } else {
      const error = t.throws<PosternError>(decode, undefined, why);
      t.is(error?.code, vector.tooManyErrors ? "corrupt-data" : "not-enough-shares", why);
    }
  }
});

test("decode: names the wrong shares", (t) => {
  for (const vector of vectors.decode) {
    if (vector.decodedEqualsOriginal !== true) continue;
    const { k, n, why } = vector;
    const right = createErasureCode(k, n).encode(fromHex(vector.decoded!));
    const wrong = sharesOf(vector).filter((share) => toHex(share.data) !== toHex(right[share.number]!));
    const expected = wrong.map((share) => share.number).sort((a, b) => a - b);
    t.deepEqual(createErasureCode(k, n).decode(sharesOf(vector)).corrupt, expected, why);
  }
});

test("rebuild: every vector", (t) => {
  for (const vector of vectors.decode) {
    const { k, n, why } = vector;
    const rebuild = () => createErasureCode(k, n).rebuild(sharesOf(vector));
    if (vector.rebuildError === undefined) {
      const original = toHex(pattern("ec", k * vector.shareSize));
      const rebuilt = toHex(rebuild());
      // Where nothing is said of the rebuilt bytes they are the decoded ones.
      t.is(rebuilt === original, vector.rebuiltEqualsOriginal!, why);
      t.is(rebuilt, vector.rebuilt ?? original, why);
    } else {
      t.is(t.throws<PosternError>(rebuild, undefined, why)?.code, "not-enough-shares", why);
    }
  }
});

test("decode: shares that can not be", (t) => {
  const code = createErasureCode(2, 4);
  const share = (number: number, size = 4) => ({ number, data: new Uint8Array(size) });
  for (const shares of [
    [share(0), share(0)],
    [share(0), share(4)],
    [share(0), share(-1)],
    [share(0), share(0.5)],
    [share(0), share(1, 5)],
  ]) {
    t.throws(() => code.decode(shares), { message: /share/ });
    t.true(
      isPosternError(
        t.throws(() => code.rebuild(shares)),
        "invalid-argument",
      ),
    );
  }
});

test("decode: different shares wrong at different places, more in all than could be corrected at one", (t) => {
  const code = createErasureCode(3, 8);
  const data = pattern("places", 3 * 100);
  const shares = code.encode(data).map((bytes, number) => ({ number, data: bytes }));
  // 5 more than needed: two wrong ones at each position, but every share is wrong somewhere.
  for (let at = 0; at < 100; at++) {
    for (const number of [at % 8, (at * 3 + 1) % 8]) shares[number]!.data[at]! ^= 1 + (at % 255);
  }
  const result = code.decode(shares);
  t.deepEqual(result.data, data);
  t.deepEqual(result.corrupt, shareNumbers(0, 8));
});

for (const name of ["kernel.wasm", "kernel-relaxed.wasm"] as const) {
  test(`${name} equals the reference`, (t) => {
    const kernel = loadKernel(name);
    if (kernel !== undefined) {
      t.is(compareKernel(kernel), "all equal");
      return;
    }
    // Node.js 20 has the instructions behind a flag, which later versions, having them without, do not know.
    const script = join(repositoryRoot, "dist/test/helpers/compare-kernel.js");
    const run = spawnSync(process.execPath, ["--experimental-wasm-relaxed-simd", script, name], { encoding: "utf8" });
    t.is(run.stdout, "all equal\n", run.stderr);
  });
}

test("the kernel's scratch memory is bounded: long shares are computed in steps", (t) => {
  const data = pattern("long", 64).slice();
  const long = new Uint8Array(3 * 1_500_001);
  for (let i = 0; i < long.length; i++) long[i] = data[i % 61]! ^ (i >> 8);
  const code = createErasureCode(3, 5);
  const shares = code.encode(long);
  const rebuilt = code.rebuild([4, 3, 1].map((number) => ({ number, data: shares[number]! })));
  t.true(equalBytes(rebuilt, long));
});

function sharesOf(vector: DecodeVector): Share[] {
  return vector.shares.map(({ number, data }) => ({ number, data: fromHex(data) }));
}

test("decode: shares that are wrong at very many places do not cost more than a bounded search", (t) => {
  const code = createErasureCode(3, 8);
  const shares = code.encode(pattern("places", 3 * 5_000)).map((bytes, number) => ({ number, data: bytes }));
  for (let at = 0; at < 5_000; at++) {
    for (const number of [at % 8, (at * 3 + 1) % 8]) shares[number]!.data[at]! ^= 1 + (at % 255);
  }
  t.true(
    isPosternError(
      t.throws(() => code.decode(shares)),
      "corrupt-data",
    ),
  );
});
