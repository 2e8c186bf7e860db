import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import type { GrantStore } from "../../core/index.js";
import { repositoryRoot } from "../helpers/root.js";
import { mustRun } from "../helpers/run-program.js";
import { tempDir } from "../helpers/temp-dir.js";
import { grantRecord } from "../suites/grant-store-suite.js";

const text = readFileSync(join(repositoryRoot, "docs/auth.md"), "utf8");
const [store = "", suite = ""] = [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);

/** Inside of the package, where files may import it by its name. */
async function written(t: { teardown(run: () => Promise<void>): void }): Promise<string> {
  const dir = join(repositoryRoot, "dist", `store-${randomUUID()}`);
  await mkdir(dir);
  t.teardown(() => rm(dir, { recursive: true }));
  await writeFile(join(dir, "file-store.mjs"), store);
  return dir;
}

test("the store of docs/auth.md passes the suite, by the test that stands there", async (t) => {
  const dir = await written(t);
  await writeFile(join(dir, "file-store.test.mjs"), suite);
  await writeFile(join(dir, "package.json"), JSON.stringify({ ava: { files: ["*.test.mjs"] } }));
  const ava = join(repositoryRoot, "node_modules", "ava", "entrypoints", "cli.mjs");
  // No package.json of its own: it would end the scope of this package, by which it imports itself.
  await rm(join(dir, "package.json"));
  const file = join("dist", dir.slice(dir.lastIndexOf("store-")), "file-store.test.mjs");
  const env = { AVA_FORCE_CI: "is-ci" };
  const { stdout } = await mustRun(process.execPath, [ava, file, "--tap"], { cwd: repositoryRoot, env });
  t.true((stdout.match(/^ok /gm)?.length ?? 0) >= 9, stdout);
  t.notRegex(stdout, /^not ok /m);
});

test("what the store of docs/auth.md keeps is there when it is opened again", async (t) => {
  const dir = await written(t);
  const data = await tempDir();
  t.teardown(data.remove);
  const { openGrantStore } = (await import(join(dir, "file-store.mjs"))) as {
    openGrantStore(init: { dataDir: string }): Promise<GrantStore>;
  };
  const first = await openGrantStore({ dataDir: data.path });
  const hash = Buffer.alloc(32, 7);
  const record = grantRecord();
  await first.put(hash, record);
  await first.invalidate({ keyHash: hash }, "leaked");
  await first.close();
  const second = await openGrantStore({ dataDir: data.path });
  const { createdAt: _, invalidation, ...kept } = (await second.get(hash))!;
  t.is(invalidation?.reason, "leaked");
  t.deepEqual(Buffer.from(kept.macaroonHead), Buffer.from(record.macaroonHead));
  t.is(kept.expiresAt, record.expiresAt);
});
