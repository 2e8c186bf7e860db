// Runs the Go tests of test/interop against an embedded network of our own and prints their results as TAP.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { root, setup } from "./setup.mjs";

await setup();
const dir = mkdtempSync(join(tmpdir(), "postern-interop-"));
const ready = join(dir, "ready.json");
const server = spawn(process.execPath, [join(root, "dist/bin/postern.js"), "serve", "--ephemeral", "--data-dir", dir], {
  stdio: ["ignore", "ignore", "inherit"],
});
let status = 1;
try {
  await started();
  status = await goTest();
} finally {
  server.kill("SIGTERM");
  if (server.exitCode === null) await once(server, "exit");
  rmSync(dir, { recursive: true, force: true });
}
process.exit(status);

async function started() {
  for (let waited = 0; !existsSync(ready); waited += 100) {
    if (server.exitCode !== null || waited > 60_000) throw new Error("the server did not start");
    await delay(100);
  }
}

async function goTest() {
  const go = spawn("go", ["test", "-json", "-count=1", "-timeout=10m", "./..."], {
    cwd: join(root, "test/interop"),
    env: { ...process.env, POSTERN_READY: ready },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(go, "exit");
  const output = new Map();
  let number = 0;
  for await (const line of createInterface({ input: go.stdout })) {
    let event;
    try {
      event = JSON.parse(line);
    } catch {
      process.stderr.write(`${line}\n`); // a build error
      continue;
    }
    const name = event.Test ?? event.Package ?? "build";
    if (event.Action === "output") output.set(name, (output.get(name) ?? "") + event.Output);
    if (event.Action === "build-output") process.stderr.write(event.Output);
    if (event.Test === undefined) continue;
    if (event.Action === "pass") console.log(`ok ${++number} - ${name}`);
    if (event.Action === "skip") console.log(`ok ${++number} - ${name} # SKIP`);
    if (event.Action === "fail") {
      console.log(`not ok ${++number} - ${name}`);
      for (const text of (output.get(name) ?? "").split("\n")) console.log(`  ${text}`);
    }
  }
  const [code] = await exited;
  return code ?? 1;
}
