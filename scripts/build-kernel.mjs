// Compiles the WebAssembly SIMD kernel of core/erasure beside the compiled TypeScript that loads it: once with plain SIMD,
// and once with relaxed SIMD, which is faster where there is such a thing.
import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const options = ["--enable", "simd", "--runtime", "stub", "-O3", "--noAssert", "--use", "abort="];

mkdirSync(join(root, "dist/core/erasure"), { recursive: true });
await compile("core/erasure/kernel/index.ts", "dist/core/erasure/kernel.wasm", []);
await compile("core/erasure/kernel/index.ts", "dist/core/erasure/kernel-relaxed.wasm", ["--enable", "relaxed-simd"]);

async function compile(source, out, more) {
  const { error, stderr } = await asc.main([source, "--baseDir", root, "--outFile", out, ...options, ...more]);
  if (error) {
    process.stderr.write(`${stderr.toString()}${error.message}\n`);
    process.exit(1);
  }
}
