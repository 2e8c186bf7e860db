import { readFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { fillTransferOptions } from "../../core/options.js";
import { connectionDefaults } from "../../core/uplink.js";
import { repositoryRoot as root } from "../helpers/root.js";

interface Row {
  readonly unit: string;
  readonly value: string;
  readonly meaning: string;
}

async function table(): Promise<Map<string, Row>> {
  const text = await readFile(join(root, "docs", "options.md"), "utf8");
  const rows = [...text.matchAll(/^\| `(\w+)` \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$/gm)];
  return new Map(
    rows.map(([, name, unit, value, meaning]) => [name!, { unit: unit!, value: value!, meaning: meaning! }]),
  );
}

/** The fields of an interface, each with the comment before it. */
async function fields(file: string, name: string): Promise<Map<string, string>> {
  const source = await readFile(join(root, "core", file), "utf8");
  const body = new RegExp(`export interface ${name}[^{]*\\{\\n([\\s\\S]*?)\\n\\}`).exec(source)![1]!;
  const found = [...body.matchAll(/\/\*\*([\s\S]*?)\*\/\s*(\w+)\?:/g)];
  const count = [...body.matchAll(/^ {2}\w+\?:/gm)].length;
  if (count !== found.length) throw new Error(`${name} has fields without a comment`);
  return new Map(found.map(([, comment, field]) => [field!, comment!]));
}

test("the table of options has every option with its unit and default", async (t) => {
  const rows = await table();
  const transfer = await fields("options.ts", "TransferOptions");
  const uplink = await fields("uplink.ts", "UplinkOptions");
  t.deepEqual([...rows.keys()].sort(), [...transfer.keys(), ...uplink.keys()].sort());
  const defaults: Record<string, number | string> = { ...fillTransferOptions(), ...connectionDefaults };
  for (const [name, value] of Object.entries(defaults)) {
    t.is(rows.get(name)?.value, String(value), name);
    const unit = name.endsWith("Ms")
      ? "milliseconds"
      : name.endsWith("Bytes") || name.endsWith("Size")
        ? "bytes"
        : undefined;
    if (unit !== undefined) t.is(rows.get(name)?.unit, unit, name);
  }
});

test("comments of options tell their default", async (t) => {
  const comments = [
    ...(await fields("options.ts", "TransferOptions")),
    ...(await fields("uplink.ts", "UplinkOptions")),
  ];
  for (const [name, comment] of comments) t.regex(comment, /when absent/, name);
  const defaults: Record<string, number | string> = { ...fillTransferOptions(), ...connectionDefaults };
  for (const [name, comment] of comments) {
    const value = defaults[name];
    if (typeof value !== "number") continue;
    const texts = [value, value / 1024, value / (1024 * 1024)].map((number) =>
      number.toString().replace(/\B(?=(\d{3})+$)/g, " "),
    );
    t.true(
      texts.some((text) => comment.includes(text)),
      `${name}: ${comment}`,
    );
  }
});
