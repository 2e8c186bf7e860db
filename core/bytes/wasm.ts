import { readFileSync } from "node:fs";
import { PosternError } from "../errors.js";

// The part of the global that is used: its types come with "dom", which is not for Node.js.
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module);
    readonly exports: unknown;
  }
  function validate(bytes: Uint8Array): boolean;
}

/** The memory that every kernel exports. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/**
 * Exports of a new instance of a compiled kernel, which imports nothing; undefined when this Node.js lacks the
 * instructions. They are as the caller says: the kernel was built with the program.
 */
export function instantiateWasm<T extends { readonly memory: WasmMemory }>(url: URL): T | undefined {
  const bytes = read(url);
  return WebAssembly.validate(bytes)
    ? (new WebAssembly.Instance(new WebAssembly.Module(bytes)).exports as T)
    : undefined;
}

function read(url: URL): Uint8Array {
  try {
    return readFileSync(url);
  } catch (cause) {
    throw new PosternError("internal", "a WebAssembly kernel is not built, run: npm run build", { cause });
  }
}
