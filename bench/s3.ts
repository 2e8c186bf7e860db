// Loads the S3 endpoint of a fresh embedded network with s3bench, and a peer in the same run where one is named:
//   node dist/bench/s3.js [--sizes 4KiB,1MiB,64MiB] [--clients 4] [--endpoint URL --access ID --secret KEY]
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";

interface Phase {
  label: string;
  phase: string;
  size: number;
  ops: number;
  errors: number;
  ops_per_s: number;
  mib_per_s: number;
  p50_ms: number;
  p99_ms: number;
  first_error?: string;
}

interface Endpoint {
  readonly label: string;
  readonly url: string;
  readonly access: string;
  readonly secret: string;
}

const root = join(import.meta.dirname, "..", "..");
const units: Readonly<Record<string, number>> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 };

const { values } = parseArgs({
  options: {
    sizes: { type: "string", default: "4KiB,1MiB,64MiB" },
    clients: { type: "string", default: "4" },
    phases: { type: "string", default: "put,get,range,delete" },
    endpoint: { type: "string" },
    access: { type: "string" },
    secret: { type: "string" },
  },
});

const work = await mkdtemp(join(tmpdir(), "postern-bench-"));
const program = join(work, "s3bench");
const built = spawnSync("go", ["build", "-o", program, "."], { cwd: join(root, "bench", "s3bench"), stdio: "inherit" });
if (built.status !== 0) throw new Error("s3bench needs Go to be built");
const server = spawn(
  process.execPath,
  [join(root, "dist", "bin", "postern.js"), "serve", "--ephemeral", "--data-dir", join(work, "data")],
  { stdio: ["ignore", "pipe", "inherit"] },
);
try {
  for await (const line of createInterface({ input: server.stdout })) if (line === "Postern is ready.") break;
  const ready = JSON.parse(await readFile(join(work, "data", "ready.json"), "utf8"));
  const endpoints: Endpoint[] = [
    { label: "postern", url: ready.s3, access: ready.accessKeyId, secret: ready.secretKey },
  ];
  if (values.endpoint !== undefined && values.access !== undefined && values.secret !== undefined) {
    endpoints.push({ label: "peer", url: values.endpoint, access: values.access, secret: values.secret });
  }
  console.log("| object | phase | server | ops/s | MiB/s | p50 ms | p99 ms | errors | ratio to peer |");
  console.log("|---|---|---|---|---|---|---|---|---|");
  for (const text of values.sizes.split(",")) {
    const results = [];
    for (const endpoint of endpoints) results.push(await load(endpoint, bytesOf(text)));
    report(text, results);
  }
} finally {
  server.kill("SIGINT");
  if (server.exitCode === null) await once(server, "exit");
  await rm(work, { recursive: true, force: true });
}

async function load(endpoint: Endpoint, size: number): Promise<Phase[]> {
  const operations = size >= 16 * 2 ** 20 ? 16 : size >= 2 ** 19 ? 120 : 800;
  const args = [
    ...["-endpoint", endpoint.url, "-access", endpoint.access, "-secret", endpoint.secret, "-label", endpoint.label],
    ...["-size", String(size), "-clients", values.clients, "-n", String(operations), "-phases", values.phases],
  ];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
  const phases: Phase[] = [];
  for await (const line of createInterface({ input: child.stdout })) phases.push(JSON.parse(line));
  return phases;
}

function report(size: string, [ours = [], peers = []]: Phase[][]): void {
  for (const own of ours) {
    const peer = peers.find((other) => other.phase === own.phase);
    row(size, own, peer === undefined ? "" : (own.ops_per_s / peer.ops_per_s).toFixed(2));
    if (peer !== undefined) row(size, peer, "");
  }
}

function row(size: string, phase: Phase, ratio: string): void {
  const figures = [phase.ops_per_s, phase.mib_per_s, phase.p50_ms, phase.p99_ms].map((value) => value.toFixed(1));
  const errors = phase.errors === 0 ? "0" : `${phase.errors} (${phase.first_error})`;
  console.log(`| ${[size, phase.phase, phase.label, ...figures, errors, ratio].join(" | ")} |`);
}

function bytesOf(text: string): number {
  const match = /^(\d+)(B|KiB|MiB|GiB)$/.exec(text);
  if (match === null) throw new Error(`"${text}" is no size such as 4KiB`);
  return Number(match[1]) * units[match[2]!]!;
}
