// Measures link sharing on a fresh embedded network: time to the first byte of pages and files, and what memory the
// gateway needs for a folder as an archive:
//   node dist/bench/links.js [--folder 2GiB] [--kinds zip,tar.gz] [--requests 100]
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { Agent, type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { createUplink, type Project } from "../core/index.js";

const root = join(import.meta.dirname, "..", "..");
const { values } = parseArgs({
  options: {
    folder: { type: "string", default: "2GiB" },
    kinds: { type: "string", default: "zip,tar.gz" },
    requests: { type: "string", default: "100" },
  },
});
const mib = 2 ** 20;
const objectBytes = 64 * mib;

const work = await mkdtemp(join(tmpdir(), "postern-links-"));
const server = spawn(
  process.execPath,
  [join(root, "dist", "bin", "postern.js"), "serve", "--ephemeral", "--data-dir", join(work, "data")],
  { stdio: ["ignore", "pipe", "inherit"] },
);
const agent = new Agent({ keepAlive: true });
const uplink = createUplink();
try {
  for await (const line of createInterface({ input: server.stdout })) if (line === "Postern is ready.") break;
  const ready = JSON.parse(await readFile(join(work, "data", "ready.json"), "utf8"));
  const project = await uplink.openProject(ready.accessGrant);
  await fill(project);
  const key = await publicKey(ready.authHttp, ready.accessGrant);
  const base = `${ready.linksharing}/s/${key}/files`;
  // First, so that it is not the garbage of other requests that is measured.
  for (const kind of values.kinds.split(",").filter(Boolean)) await archive(base, kind, ready.pids.gateway);
  await firstBytes(base, base.replace("/s/", "/raw/"));
} finally {
  agent.destroy();
  await uplink.close();
  server.kill("SIGINT");
  if (server.exitCode === null) await once(server, "exit");
  await rm(work, { recursive: true, force: true });
}

async function fill(project: Project): Promise<void> {
  await project.createBucket("files");
  for (let i = 0; i < 100; i++) await project.putObject("files", `small/${i}.txt`, [randomBytes(2_000)]);
  await project.putObject("files", "text.ts", [await readFile(join(root, "bench", "links.ts"))]);
  await project.putObject("files", "big/0.bin", body());
  const count = Math.ceil(bytesOf(values.folder) / objectBytes);
  // The gateway reads each of them; that their pieces are the same saves the time of uploads.
  for (let i = 1; i < count; i++) {
    await project.copyObject({ bucket: "files", key: "big/0.bin" }, { bucket: "files", key: `big/${i}.bin` });
  }
}

function* body(): Generator<Uint8Array> {
  for (let at = 0; at < objectBytes; at += mib) yield randomBytes(mib);
}

async function publicKey(authUrl: string, accessGrant: string): Promise<string> {
  const reply = await fetch(`${authUrl}/v1/access`, {
    method: "POST",
    body: JSON.stringify({ access_grant: accessGrant, public: true }),
  });
  const { access_key_id: id } = (await reply.json()) as { access_key_id: string };
  return id;
}

async function firstBytes(pages: string, raw: string): Promise<void> {
  console.log("| first byte of | p50 ms | p90 ms | p99 ms |\n|---|---|---|---|");
  const rows: readonly [what: string, url: string, range?: string][] = [
    ["page of a folder with 100 files", `${pages}/small/`],
    ["page of a file", `${pages}/big/0.bin`],
    ["page of a source file", `${pages}/text.ts`],
    ["a file of 2 kB", `${raw}/small/1.txt`],
    ["the middle of a file of 64 MiB", `${raw}/big/0.bin`, "bytes=30000000-30099999"],
  ];
  for (const [what, url, range] of rows) {
    const times: number[] = [];
    for (let i = 0; i < Number(values.requests); i++) times.push(await timeOf(url, range));
    // The first ones open connections and compile code.
    const sorted = times.slice(5).sort((a, b) => a - b);
    const at = (part: number) => sorted[Math.min(Math.floor(sorted.length * part), sorted.length - 1)]!.toFixed(1);
    console.log(`| ${what} | ${at(0.5)} | ${at(0.9)} | ${at(0.99)} |`);
  }
}

async function timeOf(url: string, range?: string): Promise<number> {
  const started = performance.now();
  const res = await open(url, range === undefined ? {} : { Range: range });
  const ended = once(res, "end");
  await once(res, "data");
  const ms = performance.now() - started;
  await ended;
  return ms;
}

async function archive(pages: string, kind: string, pid: number): Promise<void> {
  // Begins to measure the peak anew (proc(5), clear_refs).
  await writeFile(`/proc/${pid}/clear_refs`, "5");
  const before = await memoryOf(pid, "VmRSS");
  const started = performance.now();
  const res = await open(`${pages}/big/?download=1&download-kind=${kind}`, {});
  const first = performance.now() - started;
  let bytes = 0;
  for await (const part of res) bytes += (part as Buffer).length;
  const seconds = (performance.now() - started) / 1000;
  const peak = await memoryOf(pid, "VmHWM");
  console.log(
    `${kind} of ${values.folder}: ${(bytes / mib).toFixed(0)} MiB in ${seconds.toFixed(1)} s ` +
      `(${(bytes / mib / seconds).toFixed(0)} MiB/s), first byte after ${first.toFixed(0)} ms, ` +
      `memory of the gateway ${before.toFixed(0)} MiB before, ${peak.toFixed(0)} MiB at its peak`,
  );
}

async function memoryOf(pid: number, name: string): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(new RegExp(`^${name}:\\s*(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;
}

async function open(url: string, headers: Record<string, string>): Promise<IncomingMessage> {
  const req = request(url, { agent, headers }).end();
  const [res] = (await once(req, "response")) as [IncomingMessage];
  if (res.statusCode !== 200 && res.statusCode !== 206) throw new Error(`${res.statusCode} for a page`);
  return res;
}

function bytesOf(text: string): number {
  const match = /^(\d+)(MiB|GiB)$/.exec(text);
  if (match === null) throw new Error(`"${text}" is no size such as 2GiB`);
  return Number(match[1]) * (match[2] === "GiB" ? 1024 : 1) * mib;
}
