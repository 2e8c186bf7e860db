import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { z } from "zod";
import { PosternError } from "../core/errors.js";

/** What `--config` names: which frontends to load, and options of all. */
export interface ConfigFile {
  readonly path: string;
  /** Paths in the file are relative to this. */
  readonly folder: string;
  readonly frontends: readonly string[];
  /** By frontend and option. */
  readonly options: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const shape = z.strictObject({
  frontends: z.array(z.string().min(1)).default([]),
  options: z.record(z.string(), z.record(z.string(), z.unknown())).default({}),
});

/** Throws `invalid-argument` with the file, the field and what is wrong with it. */
export function readConfigFile(file: string): ConfigFile {
  const path = resolve(file);
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (cause) {
    const why = cause instanceof SyntaxError ? `it is not JSON: ${cause.message}` : (cause as Error).message;
    throw new PosternError("invalid-argument", `can not read the configuration ${path}: ${why}`, { cause });
  }
  const parsed = shape.safeParse(value);
  if (parsed.success) return { path, folder: dirname(path), ...parsed.data };
  const problems = parsed.error.issues.map((issue) => `${issue.path.join(".") || "the file"}: ${issue.message}`);
  const form = '{ "frontends": ["./my-frontend.js"], "options": { "my-frontend": { "port": 9100 } } }';
  throw new PosternError("invalid-argument", `${path} is wrong: ${problems.join("; ")}; its form is ${form}`);
}
