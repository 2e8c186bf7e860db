// Compiles the WebAssembly SIMD kernels beside the compiled TypeScript that loads them. That of core/erasure is made twice,
// with plain SIMD and with relaxed SIMD, which is faster where there is such a thing.
import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const options = ["--enable", "simd", "--runtime", "stub", "-O3", "--noAssert", "--use", "abort="];

await compile("core/erasure/kernel/index.ts", "dist/core/erasure/kernel.wasm", []);
await compile("core/erasure/kernel/index.ts", "dist/core/erasure/kernel-relaxed.wasm", ["--enable", "relaxed-simd"]);
await compile("core/crypto/blake3/kernel/index.ts", "dist/core/crypto/blake3/kernel.wasm", []);

async function compile(source, out, more) {
  mkdirSync(dirname(join(root, out)), { recursive: true });
  const { error, stderr } = await asc.main([source, "--baseDir", root, "--outFile", out, ...options, ...more]);
  if (error) {
    process.stderr.write(`${stderr.toString()}${error.message}\n`);
    process.exit(1);
  }
}
