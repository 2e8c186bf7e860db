// Makes a fresh clone ready: installs what the lock file names and builds what is older than its source.
// Plain JavaScript without dependencies, since it runs before there are any.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { runAloud } from "./run-aloud.mjs";

export const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

const sourceFolders = ["core", "frontends", "store", "network", "bin", "bench", "proto", "test", "scripts", "examples"];
const sourceFiles = ["package.json", "tsconfig.json"];
const stamp = join(root, "dist", ".built");
const installed = join(root, "node_modules", ".package-lock.json");

/** Installs and builds where that is needed; says so on stderr; exits with a line that tells what to do. */
export async function setup() {
  requireNode();
  if (!isInstalled()) {
    say("installing dependencies (once; the SQLite driver is compiled, which takes a few minutes)");
    await run("npm", ["ci", "--no-audit", "--no-fund"], { ...process.env, ...installEnvironment() });
  }
  if (!isBuilt()) {
    say("building");
    await run("npm", ["run", "--silent", "build"], process.env);
    writeFileSync(stamp, "");
  }
}

function requireNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(`Node.js 20.19 or newer is needed, this is ${process.versions.node}`);
  }
}

/** npm keeps a copy of the lock file beside what it installed. */
function isInstalled() {
  if (!existsSync(installed)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const present = JSON.parse(readFileSync(installed, "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, entry]) => path === "" || entry.optional || present[path]?.version === entry.version,
  );
}

/**
 * Native modules are compiled from their source in the package registry rather than downloaded from elsewhere, with
 * the headers that came with this Node.js where they are.
 */
function installEnvironment() {
  const prefix = resolve(dirname(process.execPath), "..");
  const headers = existsSync(join(prefix, "include", "node", "node_api.h"));
  return {
    npm_config_build_from_source: "true",
    JOBS: "max",
    ...(headers && process.env.npm_config_nodedir === undefined ? { npm_config_nodedir: prefix } : {}),
  };
}

function isBuilt() {
  if (!existsSync(stamp)) return false;
  const builtAt = statSync(stamp).mtimeMs;
  return (
    sourceFiles.every((file) => statSync(join(root, file)).mtimeMs <= builtAt) &&
    sourceFolders.every((folder) => newestIn(join(root, folder)) <= builtAt)
  );
}

function newestIn(folder) {
  if (!existsSync(folder)) return 0;
  let newest = statSync(folder).mtimeMs;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === "node_modules") continue;
    const path = join(folder, entry.name);
    newest = Math.max(newest, entry.isDirectory() ? newestIn(path) : statSync(path).mtimeMs);
  }
  return newest;
}

async function run(command, args, env) {
  try {
    await runAloud(command, args, { cwd: root, env, say });
  } catch (error) {
    fail(error.message);
  }
}

function say(text) {
  process.stderr.write(`postern: ${text}\n`);
}

function fail(text) {
  say(text);
  process.exit(1);
}
