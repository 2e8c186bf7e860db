import { readFileSync } from "node:fs";
import { join } from "node:path";
import test from "ava";
import { auth } from "../../frontends/auth/index.js";
import { linkshare } from "../../frontends/linkshare/index.js";
import { s3 } from "../../frontends/s3/index.js";
import { repositoryRoot } from "../helpers/root.js";

const page = readFileSync(join(repositoryRoot, "docs/options.md"), "utf8");

for (const { name, options } of [s3, auth, linkshare]) {
  test(`docs/options.md has the options of ${name} with default and meaning`, (t) => {
    const section = page.split(`\n## ${name}\n`)[1]?.split("\n## ")[0] ?? "";
    const rows = [...section.matchAll(/^\| `(\w+)` \| (.+?) \| (.+) \|$/gm)].map(([, key, value, about]) => [
      key,
      value,
      about,
    ]);
    const text = (value: unknown) => {
      if (value === undefined) return "–";
      if (Array.isArray(value)) return value.length === 0 ? "none" : value.join(", ");
      return String(value);
    };
    const wanted = Object.entries(options).map(([key, field]) => [
      key,
      // Of the machine, not of the program.
      key === "hashThreads" ? "a quarter of the processors" : text(field.default),
      field.about.replaceAll("|", "\\|"),
    ]);
    t.deepEqual(rows, wanted);
  });
}
