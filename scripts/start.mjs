// `npm start`: sets up what is missing, then runs `postern serve` with the arguments given.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root, setup } from "./setup.mjs";

await setup();
process.argv.splice(1, 1, join(root, "dist", "bin", "postern.js"), "serve");
await import(pathToFileURL(join(root, "dist", "bin", "postern.js")).href);
