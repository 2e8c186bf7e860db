import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { loadFrontend } from "../../bin/load-frontend.js";
import { repositoryRoot } from "../helpers/root.js";
import { tempDir } from "../helpers/temp-dir.js";

const good = `import { defineFrontend } from ${JSON.stringify(`file://${repositoryRoot}/dist/frontends/index.js`)};
export const frontend = defineFrontend({ name: "mine", options: {}, start: async () => ({ stop: async () => {} }) });
`;

async function folder(t: ExecutionContext, files: Record<string, string>): Promise<string> {
  const dir = await tempDir();
  t.teardown(dir.remove);
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(dir.path, name)), { recursive: true });
    await writeFile(join(dir.path, name), text);
  }
  return dir.path;
}

test("a plugin is found by path, by folder and by the name of a package", async (t) => {
  const manifest = (more: object) => JSON.stringify({ type: "module", ...more });
  const path = await folder(t, {
    "mine.mjs": good,
    "home/package.json": manifest({ exports: { ".": { types: "./x.d.ts", import: "./a/b.js" } } }),
    "home/a/b.js": good,
    "node_modules/plugin/package.json": manifest({ main: "m.js" }),
    "node_modules/plugin/m.js": good,
    "node_modules/@scope/plugin/package.json": manifest({ exports: "./e.js" }),
    "node_modules/@scope/plugin/e.js": good,
    "deep/er/x": "",
  });
  const load = async (text: string, from = path) => (await loadFrontend({ text, folder: from })).plugin.name;
  t.is(await load("./mine.mjs"), "mine");
  t.is(await load(join(path, "mine.mjs"), "/"), "mine");
  t.is(await load(`file://${join(path, "mine.mjs")}`, "/"), "mine");
  t.is(await load("./home"), "mine");
  t.is(await load("plugin"), "mine");
  t.is(await load("@scope/plugin", join(path, "deep/er")), "mine");
});

test("a plugin that is wrong: which file, which field, what to do", async (t) => {
  const path = await folder(t, {
    "syntax.mjs": "export const frontend = {",
    "throws.mjs": 'throw new TypeError("at once")',
    "import.mjs": 'import "no-such-package"',
    "nothing.mjs": "export const other = 1",
    "function.mjs": "export const frontend = () => 1",
    "name.mjs": 'export const frontend = { name: "My One", options: {}, create() {} }',
    "options.mjs": 'export const frontend = { name: "x", create() {} }',
    "create.mjs": 'export default { name: "x", options: {}, start() {} }',
    "define.mjs": good.replace("options: {}", "options: { port: 1 }"),
    "broken/package.json": '{"exports": "./none.js"}',
    "json/package.json": "{",
    "near.js": "",
  });
  const refuses = async (text: string, message: RegExp) => {
    await t.throwsAsync(loadFrontend({ text, folder: path }), { code: "invalid-argument", message }, text);
  };
  await refuses("./none.mjs", /--frontend \.\/none\.mjs \(.*\/none\.mjs\): there is no such file/);
  await refuses("./syntax.mjs", /syntax\.mjs\): it can not be loaded: SyntaxError/);
  await refuses("./throws.mjs", /it can not be loaded: TypeError: at once/);
  await refuses("./import.mjs", /it can not be loaded: .*no-such-package/);
  await refuses("./nothing.mjs", /it exports other, but no "frontend"; write export const frontend = defineFrontend/);
  await refuses("./function.mjs", /its export "frontend" is a function; make it with defineFrontend/);
  await refuses("./name.mjs", /field name/);
  await refuses("./options.mjs", /field options .* is missing/);
  await refuses("./create.mjs", /field create .* is missing; make it with defineFrontend/);
  await refuses("./define.mjs", /defineFrontend, options\.port: must be made by option/);
  await refuses("./broken", /package\.json\): its main module \.\/none\.js is not there/);
  await refuses("./json", /package\.json\): it is not valid JSON/);
  await refuses("near.js", /no package near\.js in node_modules.*for the file of that name write \.\/near\.js/);
  await refuses("nowhere", /no package nowhere.*npm install nowhere/);
});
