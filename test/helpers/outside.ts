import { execFile } from "node:child_process";
import { chmod, cp, mkdir, readdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { repositoryRoot } from "./root.js";
import { type TempDir, tempDir } from "./temp-dir.js";

const run = promisify(execFile);

/** A folder outside of the project, for packages that use the packed tarball. */
export interface Outside extends TempDir {
  /** The tarball that `npm pack` made. */
  readonly tarball: string;
  /** What `npm install TARBALL` in this folder does, with the project's own dependencies in place of downloads. */
  install(folder: string): Promise<void>;
  /** Copies a folder of examples/ here, without what it may have installed. */
  copyExample(name: string, to: string): Promise<string>;
}

export async function outside(): Promise<Outside> {
  const dir = await tempDir();
  const packed = await run("npm", ["pack", "--json", "--pack-destination", dir.path], {
    cwd: repositoryRoot,
    maxBuffer: 2 ** 26,
  });
  const tarball = join(dir.path, (JSON.parse(packed.stdout) as { filename: string }[])[0]!.filename);
  return {
    ...dir,
    tarball,
    async install(folder) {
      const modules = join(folder, "node_modules");
      const home = join(modules, "postern");
      await mkdir(home, { recursive: true });
      await mkdir(join(modules, ".bin"), { recursive: true });
      await run("tar", ["-xzf", tarball, "-C", home, "--strip-components", "1"]);
      const dependencies = await readdir(join(repositoryRoot, "node_modules"));
      for (const name of dependencies.filter((entry) => !entry.startsWith(".") && entry !== "postern")) {
        await symlink(join(repositoryRoot, "node_modules", name), join(modules, name));
      }
      await chmod(join(home, "dist/bin/postern.js"), 0o755);
      await symlink("../postern/dist/bin/postern.js", join(modules, ".bin/postern"));
    },
    async copyExample(name, to) {
      const target = join(dir.path, to);
      await cp(join(repositoryRoot, "examples", name), target, {
        recursive: true,
        filter: (source) => !source.endsWith("node_modules"),
      });
      return target;
    },
  };
}
