import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { linkShareFrontend } from "../../../frontends/linkshare/index.js";
import { linkshareOptions } from "../../../frontends/linkshare/options.js";
import { repositoryRoot } from "../../helpers/root.js";

test("docs/linksharing.md has every option with its default and what it is", async (t) => {
  const text = await readFile(join(repositoryRoot, "docs", "linksharing.md"), "utf8");
  const rows = [...text.matchAll(/^\| `(\w+)` \| (.*?) \| (.*) \|$/gm)].map(([, name, value, about]) => [
    name,
    value,
    about,
  ]);
  const expected = Object.entries(linkshareOptions).map(([name, { default: value, about }]) => {
    const none = value === undefined || (Array.isArray(value) && value.length === 0);
    return [name, none ? "–" : String(value), about];
  });
  t.deepEqual(rows, expected);
});

test("options that make no sense are refused by name", (t) => {
  for (const [name, value] of [
    ["port", 70_000],
    ["publicUrls", ["ftp://x"]],
    ["publicUrls", ["https://x/path"]],
    ["publicUrls", ["https://user:secret@x"]],
    ["dnsServer", "1.1.1.1"],
    ["landingUrl", "javascript:alert(1)"],
    ["blocked", ["r:("]],
    ["pageEntries", 0],
    ["resolver", {}],
  ] as const) {
    const error = t.throws(() => linkShareFrontend({ [name]: value }), undefined, name);
    t.true(error?.message.includes(name), name);
  }
});
