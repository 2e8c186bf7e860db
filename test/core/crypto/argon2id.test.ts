import test from "ava";
import { argon2id } from "hash-wasm";
import { utf8 } from "../../../core/bytes/bytes.js";
import { argon2idOnePass } from "../../../core/crypto/argon2id.js";

test("agrees with hash-wasm where both can", async (t) => {
  for (const [parallelism, memorySize] of [
    [1, 8],
    [1, 1030],
    [2, 16],
    [3, 100],
    [8, 64],
    [8, 4500],
  ] as const) {
    const options = { password: utf8(`password ${memorySize}`), salt: utf8("some salt"), parallelism, memorySize };
    const expected = await argon2id({ ...options, iterations: 1, hashLength: 32, outputType: "binary" });
    t.deepEqual(await argon2idOnePass(options), expected, `${parallelism} ${memorySize}`);
  }
});
