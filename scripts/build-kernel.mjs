// Compiles the WebAssembly SIMD kernel of core/erasure beside the compiled TypeScript that loads it.
import { mkdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import asc from "assemblyscript/asc";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const out = "dist/core/erasure/kernel.wasm";
mkdirSync(dirname(join(root, out)), { recursive: true });

const options = ["--outFile", out, "--enable", "simd", "--runtime", "stub", "-O3", "--noAssert", "--use", "abort="];
const { error, stderr } = await asc.main(["core/erasure/kernel/index.ts", "--baseDir", root, ...options]);
if (error) {
  process.stderr.write(`${stderr.toString()}${error.message}\n`);
  process.exit(1);
}
