import { existsSync, readFileSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { PosternError } from "../core/errors.js";
import type { FrontendPlugin } from "../frontends/frontend.js";

/** A frontend as a user names it: a path, or a package that is installed. */
export interface FrontendSpec {
  readonly text: string;
  /** Absolute folder that paths are relative to, and from which packages are looked for. */
  readonly folder: string;
}

export interface LoadedPlugin {
  readonly plugin: FrontendPlugin;
  /** Absolute path of its module. */
  readonly file: string;
}

/** Imports a plugin. Throws `invalid-argument` that says which file, which field, and what to do. */
export async function loadFrontend(spec: FrontendSpec): Promise<LoadedPlugin> {
  const file = fileOf(spec);
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(file).href);
  } catch (cause) {
    const why = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    throw wrong(spec, file, `it can not be loaded: ${why}`, cause);
  }
  const found = module["frontend"] ?? module["default"];
  if (found === undefined) {
    const names = Object.keys(module).join(", ") || "nothing";
    throw wrong(
      spec,
      file,
      `it exports ${names}, but no "frontend"; write export const frontend = defineFrontend({ … })`,
    );
  }
  const problem = problemOf(found);
  if (problem !== undefined) throw wrong(spec, file, problem);
  return { plugin: found as FrontendPlugin, file };
}

function problemOf(found: unknown): string | undefined {
  const made = 'make it with defineFrontend of "postern/frontend"';
  if (typeof found !== "object" || found === null) return `its export "frontend" is a ${typeof found}; ${made}`;
  const { name, options, create } = found as Partial<Record<string, unknown>>;
  if (typeof name !== "string" || !/^[a-z][a-z0-9-]*$/.test(name)) {
    return `field name of its export "frontend" is no lower-case name; ${made}`;
  }
  if (typeof options !== "object" || options === null)
    return `field options of its export "frontend" is missing; ${made}`;
  if (typeof create !== "function") return `field create of its export "frontend" is missing; ${made}`;
  return undefined;
}

function wrong({ text }: FrontendSpec, file: string, problem: string, cause?: unknown): PosternError {
  return new PosternError("invalid-argument", `--frontend ${text} (${file}): ${problem}`, { cause });
}

function fileOf(spec: FrontendSpec): string {
  const { text, folder } = spec;
  if (text.startsWith("file:") || text.startsWith(".") || isAbsolute(text)) {
    const path = text.startsWith("file:") ? fileURLToPath(text) : resolve(folder, text);
    const file = existsSync(join(path, "package.json")) ? entryOf(path, spec) : path;
    if (!existsSync(file)) throw wrong(spec, file, "there is no such file");
    return file;
  }
  for (let at = folder; ; at = dirname(at)) {
    const home = join(at, "node_modules", text);
    if (existsSync(join(home, "package.json"))) return entryOf(realpathSync(home), spec);
    if (at !== dirname(at)) continue;
    const hint = existsSync(resolve(folder, text))
      ? `for the file of that name write ./${text}`
      : `npm install ${text}`;
    const looked = `there is no package ${text} in node_modules of ${folder} or above`;
    throw new PosternError("invalid-argument", `--frontend ${text}: ${looked}; ${hint}`);
  }
}

/** The main module of a package (https://nodejs.org/api/packages.html, "Package entry points"), as `import` finds it. */
function entryOf(home: string, spec: FrontendSpec): string {
  const manifest = join(home, "package.json");
  let target: string | undefined;
  try {
    const { exports, main } = JSON.parse(readFileSync(manifest, "utf8")) as { exports?: unknown; main?: unknown };
    target = pick(exports, true) ?? (typeof main === "string" ? main : "index.js");
  } catch (cause) {
    throw wrong(spec, manifest, "it is not valid JSON", cause);
  }
  const file = join(home, target);
  if (existsSync(file)) return file;
  throw wrong(spec, manifest, `its main module ${target} is not there; look at "exports" and "main", or build it`);
}

function pick(exports: unknown, top: boolean): string | undefined {
  if (typeof exports === "string") return exports;
  if (typeof exports !== "object" || exports === null) return undefined;
  for (const [key, value] of Object.entries(exports)) {
    const fits = top && key.startsWith(".") ? key === "." : ["import", "node", "default"].includes(key);
    const found = fits ? pick(value, false) : undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}
