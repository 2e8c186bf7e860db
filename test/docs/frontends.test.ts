import { readFileSync } from "node:fs";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import test from "ava";
import { outside } from "../helpers/outside.js";
import { repositoryRoot } from "../helpers/root.js";
import { runProgram } from "../helpers/run-program.js";

interface Block {
  readonly language: string;
  /** What follows the language: the file's name, or how the commands are run. */
  readonly word: string;
  readonly text: string;
}

const page = readFileSync(join(repositoryRoot, "docs/frontends.md"), "utf8");
const blocks = [...page.matchAll(/^```(\w+) ?(\S*)\n([\s\S]*?)^```$/gm)].map(
  ([, language = "", word = "", text = ""]): Block => ({ language, word, text }),
);

/** Marks where the output of a block begins. */
const mark = (index: number) => `=== block ${index}`;

/** One script of all blocks, in their order and in one shell, as somebody who follows the page has it. */
function scriptOf(): string {
  const parts = blocks.map(({ language, word, text }, index) => {
    if (language === "text") return "";
    if (language !== "sh") return `cat > ${word} <<'END OF FILE'\n${text}END OF FILE\n`;
    const start = `echo '${mark(index)}'\n`;
    // The other servers of this machine may have the page's ports.
    const commands = text.replaceAll("http://127.0.0.1:9100", "$MY_FRONTEND");
    if (word === "fails") {
      return start + commands.replace(/^(.+)$/gm, "if $1; then echo 'it should fail'; exit 1; fi");
    }
    if (word !== "serve") return start + commands;
    return `${start}(${text.trim()} --ephemeral) > serve.log 2>&1 &
for i in $(seq 600); do [ -f .postern/ready.json ] && break; sleep 0.1; done
GATEWAY=$(node -p 'require("./.postern/ready.json").pids.gateway')
trap 'kill -INT $GATEWAY; wait' EXIT
MY_FRONTEND=$(node -p 'require("./.postern/ready.json").frontends["my-frontend"].http')
`;
  });
  return `set -e\n${parts.join("")}`;
}

test("all commands and code blocks of docs/frontends.md work, in their order", async (t) => {
  t.timeout(420_000);
  t.true(blocks.length > 15);
  const place = await outside();
  t.teardown(place.remove);
  await symlink(repositoryRoot, join(place.path, "postern"));
  // `npm install` of the tarball takes dependencies from here in place of downloading them.
  await place.install(join(place.path, "installed"));
  const programs = join(place.path, "programs");
  await mkdir(programs);
  const npm = `#!/bin/sh\n[ "$1" = install ] && exec cp -a ${place.path}/installed/node_modules .\nexec ${npmPath()} "$@"\n`;
  await writeFile(join(programs, "npm"), npm);
  await chmod(join(programs, "npm"), 0o755);

  const { code, stdout, stderr } = await runProgram("bash", ["-c", scriptOf()], {
    cwd: place.path,
    env: { PATH: `${programs}:${process.env["PATH"]}` },
    timeoutMs: 400_000,
  });
  t.is(code, 0, `${stdout}\n${stderr}`);
  for (const [index, { language, text }] of blocks.entries()) {
    if (language !== "text") continue;
    const before = blocks[index - 1]!;
    const told =
      before.word === "fails" ? stderr : stdout.slice(stdout.indexOf(mark(index - 1))).split(/=== block \d+/, 2)[1]!;
    for (const line of text.trim().split("\n")) t.true(told.includes(line), `"${line}" is not in:\n${told}`);
  }
});

test("each example is on the page, and what start gets too", (t) => {
  for (const name of ["frontend-template", "webdav", "mcp", "grpc-objects"]) t.true(page.includes(`examples/${name}`));
  const seam = readFileSync(join(repositoryRoot, "frontends/frontend.ts"), "utf8");
  const [, deps = ""] = /export interface FrontendDeps \{\n([\s\S]*?)\n\}/.exec(seam) ?? [];
  const fields = [...deps.matchAll(/^ {2}(?:readonly )?(\w+)[(:]/gm)].map(([, name]) => name!);
  t.true(fields.length >= 8);
  for (const name of fields) t.regex(page, new RegExp(`\`${name}\\b`), name);
});

function npmPath(): string {
  return join(dirname(process.execPath), "npm");
}
