import { readFileSync } from "node:fs";
import { chmod, mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { ownPostgres } from "../helpers/postgres.js";
import { whyNoServer } from "../helpers/postgres-server.js";
import { repositoryRoot } from "../helpers/root.js";
import { hasProgram, runProgram } from "../helpers/run-program.js";
import { tempDir } from "../helpers/temp-dir.js";

const text = readFileSync(join(repositoryRoot, "docs/deploy.md"), "utf8");
const blocks = [...text.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
const absent = [
  ["aws", "--version"],
  ["jq", "--version"],
  ["curl", "--version"],
  ["openssl", "version"],
  ["pg_dump", "--version"],
].find(([program, flag]) => !hasProgram(program!, [flag!]));
const missing = whyNoServer() ?? absent?.[0]?.concat(" is missing");

/** The ports of the text, of which others of this machine may be in use: 9400 is 17400, if that is free with all after it. */
async function freePorts(t: ExecutionContext): Promise<(program: string) => string> {
  for (let i = 0; i < 50; i++) {
    const base = 10_000 + 1_000 * Math.floor(Math.random() * 22);
    const used = [300, 400, 402, 404, 500, 505, 601, 602, 611, 612, 621, 622, 631, 632];
    const free = await Promise.all(used.map((offset) => isFree(base + offset)));
    if (free.every(Boolean)) return (program) => program.replace(/\b9([3-6]\d)(?=\d|\$)/g, `${base / 1_000}$1`);
  }
  t.fail("no ports are free");
  return (program) => program;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

if (missing !== undefined) test.skip(`the commands of docs/deploy.md (${missing})`, () => {});
else {
  test("the commands of docs/deploy.md are a program that works", async (t) => {
    t.timeout(450_000);
    t.true(blocks.length > 10);
    const server = await ownPostgres(t);
    const dir = await tempDir();
    t.teardown(dir.remove);
    const [bin, work] = [join(dir.path, "bin"), join(dir.path, "work")];
    await mkdir(bin);
    await mkdir(work);
    const postern = `#!/bin/sh\nexec "${process.execPath}" "${join(repositoryRoot, "dist/bin/postern.js")}" "$@"\n`;
    await writeFile(join(bin, "postern"), postern);
    await chmod(join(bin, "postern"), 0o755);
    const socketDir = decodeURIComponent(server.url.split("host=")[1]!);
    const toFree = await freePorts(t);
    const program = toFree(blocks.join("\n")).replace("/var/run/postgresql", socketDir);
    // Whatever fails, nothing is left running.
    const trap = `trap 'for job in $(jobs -p); do kill "$job" 2>/dev/null; done; wait' EXIT\n`;
    const { code, stdout, stderr } = await runProgram("bash", ["-euc", trap + program], {
      cwd: work,
      env: { PATH: `${bin}:${process.env["PATH"]}`, PGUSER: "postern", AWS_CONFIG_FILE: "/dev/null" },
      timeoutMs: 420_000,
    });
    const logs = await Promise.all(
      ["network", "single", "regions", "auth-1", "auth-2", "gateway"].map(async (name) => {
        const log = await readFile(join(work, `${name}.log`), "utf8").catch(() => "");
        return `${name}: ${log
          .split("\n")
          .filter((line) => /postern:|level/.test(line))
          .join("\n")}`;
      }),
    );
    t.is(code, 0, `${stdout}\n${stderr}\n${logs.join("\n")}`);
    t.is(stdout.match(/^S3 http:.*, auth http:/gm)?.length, 3, stdout);
    for (const said of [
      /make_bucket: mine/,
      /make_bucket: from-another-region/,
      /make_bucket: tenant/,
      /^postern_auth_requests_total\{/m,
      /"ready":true/,
      /cert\.pem$/m,
    ]) {
      t.regex(stdout, said);
    }
  });
}
