import { readFileSync } from "node:fs";
import { cp, symlink } from "node:fs/promises";
import { join, relative } from "node:path";
import test from "ava";
import { runningCommand } from "../helpers/postern-command.js";
import { repositoryRoot } from "../helpers/root.js";
import { tempDir } from "../helpers/temp-dir.js";

const text = readFileSync(join(repositoryRoot, "docs/deploy.md"), "utf8");
const [, file = ""] = /^```dockerfile\n([\s\S]*?)^```$/m.exec(text) ?? [];

/** Parts of dist that only tests need, and that are most of it. */
const unused = /^dist\/(test|bench|examples)(\/|$)/;

test("what the image of docs/deploy.md is made of is enough to run", async (t) => {
  t.timeout(120_000);
  const dir = await tempDir();
  t.teardown(dir.remove);
  for (const [, names = ""] of file.matchAll(/^COPY (.*) \S+$/gm)) {
    for (const name of names.split(" ")) {
      const source = join(repositoryRoot, name);
      const filter = (path: string) => !unused.test(relative(repositoryRoot, path)) && !path.endsWith(".map");
      await cp(source, join(dir.path, name), { recursive: true, filter });
    }
  }
  await symlink(join(repositoryRoot, "node_modules"), join(dir.path, "node_modules"));
  const [, entry = ""] = /^ENTRYPOINT \["node", "(.*)"\]$/m.exec(file) ?? [];
  const satellite = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S@127.0.0.1:7777";
  const args = ["auth", "--ephemeral", "--data-dir", join(dir.path, "data"), "--satellite", satellite];
  const { url } = await runningCommand(t, [...args, "--endpoint", "https://s3.example"], {
    entry: join(dir.path, entry),
  });
  t.is((await fetch(`${url}/v1/health/live`)).status, 200);
});
