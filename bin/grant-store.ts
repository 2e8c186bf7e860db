import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { GrantStore } from "../core/auth/grant-store.js";
import { PosternError } from "../core/errors.js";

/** What a module of a store is given. */
export interface GrantStoreInit {
  /** Absolute path of the folder for everything that is kept. */
  readonly dataDir: string;
}

/**
 * Loads a store of one's own: a module, by path or package, that exports `openGrantStore(init)`. Throws
 * `invalid-argument` that says what is wrong with it.
 */
export async function loadGrantStore(spec: string, init: GrantStoreInit): Promise<GrantStore> {
  const problem = (what: string, cause?: unknown) =>
    new PosternError("invalid-argument", `--auth-store ${spec}: ${what}`, { cause });
  let module: Readonly<Record<string, unknown>>;
  try {
    module = await import(pathToFileURL(pathOf(spec)).href);
  } catch (error) {
    throw problem(`it can not be loaded: ${error instanceof Error ? error.message : String(error)}`, error);
  }
  const open = module["openGrantStore"];
  if (typeof open !== "function") throw problem("it exports no function openGrantStore; see docs/auth.md");
  const store = (await open(init)) as Partial<GrantStore> | undefined;
  const lacking = methods.filter((name) => typeof store?.[name] !== "function");
  if (lacking.length > 0) throw problem(`its store lacks ${lacking.join(", ")}`);
  return store as GrantStore;
}

const methods = [
  "put",
  "get",
  "find",
  "invalidate",
  "unpublish",
  "delete",
  "deleteExpired",
  "ping",
  "close",
] as const satisfies readonly (keyof GrantStore)[];

function pathOf(spec: string): string {
  if (spec.startsWith(".") || spec.startsWith("/")) return resolve(spec);
  return createRequire(join(process.cwd(), "package.json")).resolve(spec);
}
