// Copies the files that pages refer to beside the compiled code that serves them.
import { cpSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "..");

for (const folder of ["frontends/linkshare/assets/files"]) {
  rmSync(join(root, "dist", folder), { recursive: true, force: true });
  cpSync(join(root, folder), join(root, "dist", folder), { recursive: true });
}
