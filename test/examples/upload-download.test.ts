import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import test from "ava";
import { projectLab } from "../helpers/project-lab.js";
import { repositoryRoot } from "../helpers/root.js";
import { tempDir } from "../helpers/temp-dir.js";

test("the example uploads a file and downloads it again", async (t) => {
  const { project, grant } = await projectLab(t);
  await project.createBucket("bucket");
  const dir = await tempDir();
  t.teardown(() => dir.remove());
  const data = randomBytes(1_000_000);
  const [from, to] = [join(dir.path, "from"), join(dir.path, "to")];
  await writeFile(from, data);
  const program = join(repositoryRoot, "dist/examples/upload-download.js");
  const { stdout } = await promisify(execFile)(process.execPath, [program, grant, "bucket", "a/b", from, to]);
  t.is(stdout, "1000000 bytes, there and back\n");
  t.true((await readFile(to)).equals(data));
  t.is((await project.headObject("bucket", "a/b")).size, data.length);
});
