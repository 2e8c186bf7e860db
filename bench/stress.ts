/**
 * Many uploads and downloads of mixed sizes at a time, some of them called off, against an embedded network in this
 * process, for `--seconds`. A watchdog ends the run with exit code 1 and a dump when some transfer makes no progress for
 * `--silent` seconds. Run it beside busy loops: lost wake-ups show under load.
 *
 *     node dist/bench/stress.js --seconds 120 --parallel 24 --max-mib 4
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { newGrant } from "../core/access/grant.js";
import { createIdentity } from "../core/identity/identity.js";
import { isPosternError } from "../core/index.js";
import { createUplink } from "../core/uplink.js";
import { startSatellite } from "../network/satellite/index.js";
import { startStorageNode } from "../network/storagenode/index.js";

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    parallel: { type: "string", default: "16" },
    silent: { type: "string", default: "20" },
    "max-mib": { type: "string", default: "4" },
    "segment-mib": { type: "string", default: "1" },
    "buffer-mib": { type: "string", default: "512" },
  },
});
const mib = 1024 * 1024;
const until = Date.now() + Number(values.seconds) * 1000;
const silentMs = Number(values.silent) * 1000;

interface Work {
  what: string;
  size: number;
  done: number;
  at: number;
}

const works = new Set<Work>();
const counts = { put: 0, get: 0, canceled: 0, failed: 0 };
let lastDump = "";

function progress(work: Work, bytes: number, what = work.what): void {
  work.done += bytes;
  work.at = Date.now();
  work.what = what;
}

const dir = await mkdtemp(join(tmpdir(), "postern-stress-"));
const satellite = await startSatellite({
  dir: join(dir, "satellite"),
  identity: await createIdentity(),
  onProblem: (message, error) => console.error(message, error),
  times: { pingIntervalMs: 0, choreIntervalMs: 0 },
});
const nodes = await Promise.all(
  Array.from({ length: 10 }, async (_, i) =>
    startStorageNode({
      dir: join(dir, `node-${i}`),
      identity: await createIdentity(),
      satellites: [{ id: satellite.nodeId, address: satellite.address }],
      durable: false,
      reserveBytes: 0,
      onProblem: (message, error) => console.error(message, error),
    }),
  ),
);
const { id } = await satellite.createProject("stress");
const apiKey = await satellite.createApiKey(id);
const grant = newGrant({ satelliteAddress: satellite.nodeUrl, apiKey, rootKey: randomBytes(32) });
const uplink = createUplink({
  segmentSize: Number(values["segment-mib"]) * mib,
  bufferBytes: Number(values["buffer-mib"]) * mib,
  threads: 2,
});
const project = await uplink.openProject(grant);
await project.createBucket("bucket");
const source = randomBytes(Number(values["max-mib"]) * mib);

async function* body(work: Work, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < size; ) {
    const chunk = Math.min(size - at, 1 + Math.floor(Math.random() * 100_000));
    if (Math.random() < 0.02) await new Promise((resolve) => setTimeout(resolve, 5));
    yield source.subarray(at, at + chunk);
    at += chunk;
    progress(work, chunk);
  }
  progress(work, 0, `${work.what} (body read)`);
}

function randomSize(): number {
  const pick = Math.random();
  if (pick < 0.15) return Math.floor(Math.random() * 4097);
  if (pick < 0.5) return Math.floor(Math.random() * 300_000);
  return Math.floor(Math.random() * source.length);
}

async function one(worker: number): Promise<void> {
  const size = randomSize();
  const key = `key-${worker}`;
  const work: Work = { what: `put ${key} of ${size}`, size, done: 0, at: Date.now() };
  works.add(work);
  const abort = new AbortController();
  const timer = Math.random() < 0.3 ? setTimeout(() => abort.abort(), Math.random() * 400) : undefined;
  try {
    await project.putObject("bucket", key, body(work, size), { signal: abort.signal });
    counts.put++;
    const start = Math.random() < 0.5 || size < 2 ? 0 : Math.floor(Math.random() * (size - 1));
    const range = start === 0 ? undefined : { start };
    progress(work, 0, `get ${key} of ${size} from ${start}`);
    const download = await project.getObject("bucket", key, { range, signal: abort.signal });
    let at = start;
    const leave = Math.random() < 0.15 ? Math.random() * size : Number.POSITIVE_INFINITY;
    for await (const chunk of download.body) {
      if (Buffer.compare(chunk, source.subarray(at, at + chunk.length)) !== 0) throw new Error("other bytes");
      at += chunk.length;
      progress(work, chunk.length);
      if (at > leave) break;
      if (Math.random() < 0.05) await new Promise((resolve) => setTimeout(resolve, 3));
    }
    if (at < leave && at !== size) throw new Error(`${at} of ${size} bytes`);
    counts.get++;
  } catch (error) {
    if (isPosternError(error, "canceled") && abort.signal.aborted) counts.canceled++;
    else {
      counts.failed++;
      console.error(work.what, error);
    }
  } finally {
    clearTimeout(timer);
    works.delete(work);
  }
}

const watchdog = setInterval(() => {
  const now = Date.now();
  const silent = [...works].filter((work) => now - work.at > silentMs);
  const handles = process.getActiveResourcesInfo().reduce<Record<string, number>>((all, name) => {
    all[name] = (all[name] ?? 0) + 1;
    return all;
  }, {});
  const rss = Math.round(process.memoryUsage().rss / mib);
  lastDump = JSON.stringify({ counts, works: works.size, rss, uplink: uplink.stats(), handles });
  console.log(new Date().toISOString(), lastDump);
  if (silent.length === 0) return;
  for (const work of silent) console.log("SILENT", work.what, `${work.done} bytes`, now - work.at, "ms");
  console.log(JSON.stringify(nodes.map((node) => node.stats())));
  process.exit(1);
}, 5000);

await Promise.all(
  Array.from({ length: Number(values.parallel) }, async (_, worker) => {
    while (Date.now() < until) await one(worker);
  }),
);
clearInterval(watchdog);
console.log("done", JSON.stringify(counts));
await uplink.close();
await Promise.all(nodes.map((node) => node.stop()));
await satellite.stop({ graceMs: 0 });
await rm(dir, { recursive: true, force: true });
