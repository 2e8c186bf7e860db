// `npm test`: sets up what is missing, then runs the tests with ava.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root, setup } from "./setup.mjs";

await setup();
const ava = join(root, "node_modules", "ava", "entrypoints", "cli.mjs");
const { status } = spawnSync(process.execPath, [ava, ...process.argv.slice(2)], { cwd: root, stdio: "inherit" });
process.exit(status ?? 1);
