import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { repositoryRoot } from "../helpers/root.js";
import { runProgram } from "../helpers/run-program.js";
import { startServer } from "../helpers/server.js";
import { tempDir } from "../helpers/temp-dir.js";

const entry = join(repositoryRoot, "dist", "bin", "postern.js");

/** Starts the server where it can not start: one line that says why, and an exit code that is not 0. */
async function refuses(t: ExecutionContext, args: readonly string[], reason: RegExp): Promise<void> {
  const { code, stdout, stderr } = await runProgram(process.execPath, [entry, "serve", ...args]);
  t.true(code !== null && code !== 0, `exit code ${code}`);
  t.is(stdout, "");
  t.regex(stderr, reason);
  t.is(stderr.trim().split("\n").length, 1, stderr);
}

async function folder(t: ExecutionContext): Promise<string> {
  const dir = await tempDir();
  t.teardown(dir.remove);
  return dir.path;
}

// Servers that start all at once are slow to do so.
test.serial("a port in use", async (t) => {
  const holder = createServer().listen(0, "127.0.0.1");
  t.teardown(() => holder.close());
  await new Promise((resolve) => holder.once("listening", resolve));
  const address = holder.address();
  const port = typeof address === "object" ? String(address?.port) : "";
  const common = ["--ephemeral", "--data-dir", await folder(t)];
  await refuses(t, [...common, "--s3-port", port], new RegExp(`port ${port} .*in use`));
});

test.serial("a data folder that is a file", async (t) => {
  const file = join(await folder(t), "file");
  await writeFile(file, "");
  await refuses(t, ["--ephemeral", "--data-dir", file], /can not use the data folder/);
});

test.serial("a data folder that can not be made", async (t) => {
  const file = join(await folder(t), "file");
  await writeFile(file, "");
  await refuses(t, ["--ephemeral", "--data-dir", join(file, "below")], /can not use the data folder/);
});

test.serial("a damaged credentials database", async (t) => {
  const dir = await folder(t);
  await writeFile(join(dir, "auth.db"), "this is no database ".repeat(500));
  await refuses(t, ["--ephemeral", "--data-dir", dir], /auth\.db.*damaged|damaged.*auth\.db/);
});

test.serial("a damaged satellite database", async (t) => {
  const dir = await folder(t);
  await mkdir(join(dir, "network", "satellite"), { recursive: true });
  await writeFile(join(dir, "network", "satellite", "satellite.db"), "this is no database ".repeat(500));
  await refuses(t, ["--ephemeral", "--data-dir", dir], /satellite\.db.*damaged|damaged.*satellite\.db/);
});

test.serial("a second server on the same folder", async (t) => {
  const dir = await folder(t);
  const first = await startServer({ dataDir: dir });
  t.teardown(() => first.stop());
  await refuses(t, ["--ephemeral", "--data-dir", dir], /another server \(process \d+\) is using it/);
});

test.serial("settings that make no sense", async (t) => {
  const dir = await folder(t);
  await refuses(t, ["--data-dir", dir, "--s3-port", "http"], /--s3-port takes a port number/);
  await refuses(t, ["--data-dir", dir, "--access-key-id", "a"], /--access-key-id and --secret-key go together/);
  await refuses(t, ["--data-dir", dir, "--access", "nonsense"], /access grant/);
  await refuses(t, ["--nonsense"], /unknown option '--nonsense'/);
});
