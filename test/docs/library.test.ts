import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { projectLab } from "../helpers/project-lab.js";
import { repositoryRoot } from "../helpers/root.js";
import { mustRun } from "../helpers/run-program.js";

const text = readFileSync(join(repositoryRoot, "docs/library.md"), "utf8");
const blocks = [...text.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);

test("the blocks of docs/library.md are a program that works", async (t) => {
  t.true(blocks.length > 10);
  const { project, grant, satellite } = await projectLab(t);
  const other = await satellite.createProject("other");
  // Inside of the package, where it may import itself by its name.
  const program = join(repositoryRoot, "dist", `library-${randomUUID()}.mjs`);
  await writeFile(program, blocks.join("\n"));
  t.teardown(() => rm(program));
  const apiKey = await satellite.createApiKey(other.id);
  const { stdout } = await mustRun(process.execPath, [program, grant, satellite.nodeUrl, apiKey]);
  t.true(stdout.startsWith("eow4 { 'content-type': 'text/plain' }"), stdout);
  t.deepEqual((await project.headObject("photos", "large")).custom, { parts: "2" });
  await t.throwsAsync(project.headBucket("versions"), { code: "bucket-not-found" });
});

test("docs/library.md names every method of a project", async (t) => {
  const { project } = await projectLab(t, { nodes: 0 });
  for (const name of Object.keys(project)) t.regex(text, new RegExp(`\\b${name}\\b`), name);
});
