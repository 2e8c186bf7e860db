import { randomBytes } from "node:crypto";
import test from "ava";
import { stripesOf } from "../../core/segment/geometry.js";
import { createInlineCodec } from "../../core/segment/inline-codec.js";
import { createUplink, type UplinkOptions } from "../../core/uplink.js";
import { deferred } from "../helpers/deferred.js";
import { frozen, rejecting } from "../helpers/faulty-node.js";
import { bodyOf, type ProjectLab, projectLab, readAll } from "../helpers/project-lab.js";
import { until } from "../helpers/until.js";

const mib = 1024 * 1024;
const small = { segmentSize: mib, uploadWindowBytes: 256 * 1024 };

/** What nodes were asked for, counted by them. */
function counting(lab: ProjectLab) {
  const counts = { downloads: 0, uploads: 0, sent: 0, nodes: new Set<number>() };
  lab.nodes.forEach((_, node) => {
    lab.faults[node] = {
      async onCall(kind) {
        counts[kind === "download" ? "downloads" : "uploads"]++;
        if (kind === "download") counts.nodes.add(node);
      },
      async onSend(data) {
        counts.sent += data.length;
        return data;
      },
    };
  });
  return counts;
}

const active = (lab: ProjectLab, kind: "uploads" | "downloads") =>
  lab.nodes.reduce((sum, node) => sum + node.stats()[kind].active, 0);
const canceled = (lab: ProjectLab, kind: "uploads" | "downloads") =>
  lab.nodes.reduce((sum, node) => sum + node.stats()[kind].canceled, 0);

test.serial("a range touches the stripes that hold it, at as many nodes as are needed", async (t) => {
  const lab = await projectLab(t, { uplink: { ...small, segmentSize: 4 * mib, hedgeMs: 30_000 } });
  await lab.project.createBucket("bucket");
  const data = randomBytes(9 * mib);
  await lab.project.putObject("bucket", "key", bodyOf(data));
  const layout = { cipherSuite: 2, encryptedBlockSize: 7424, required: 4, shareSize: 256 };
  for (const [start, end] of [
    [5 * mib + 123, 5 * mib + 1123],
    [4 * mib - 1, 4 * mib + 1],
    [9 * mib - 5, 9 * mib],
    [1000, 300_000],
  ] as const) {
    const counts = counting(lab);
    const { body } = await lab.project.getObject("bucket", "key", { range: { start, end } });
    t.true((await readAll(body)).equals(data.subarray(start, end)));
    let expected = 0;
    let segments = 0;
    for (let at = 0; at < data.length; at += 4 * mib) {
      const range = { start: Math.max(start - at, 0), end: Math.min(end - at, 4 * mib) };
      if (range.start >= range.end) continue;
      const { firstStripe, endStripe } = stripesOf(range, layout);
      expected += (endStripe - firstStripe) * 256 * 4;
      segments++;
    }
    t.is(counts.sent, expected, `${start}-${end}`);
    t.is(counts.downloads, 4 * segments);
  }
});

test.serial("segments are read ahead of the reader, and no further than they may", async (t) => {
  const lab = await projectLab(t, { uplink: { ...small, readAheadBytes: 3 * mib, hedgeMs: 30_000 } });
  await lab.project.createBucket("bucket");
  const data = randomBytes(12 * mib);
  await lab.project.putObject("bucket", "key", bodyOf(data));
  const counts = counting(lab);
  const { body } = await lab.project.getObject("bucket", "key");
  const reader = body[Symbol.asyncIterator]();
  const chunks: Uint8Array[] = [(await reader.next()).value];
  await until(() => counts.downloads >= 3 * 4);
  t.true(counts.downloads <= 4 * 4, `${counts.downloads} pieces`);
  for (let next = await reader.next(); !next.done; next = await reader.next()) chunks.push(next.value);
  t.true(Buffer.concat(chunks).equals(data));
  t.is(counts.downloads, 12 * 4);
});

test.serial("one more node is asked for one that is silent, and the silent one is avoided afterwards", async (t) => {
  const lab = await projectLab(t, { uplink: { ...small, hedgeMs: 150 } });
  await lab.project.createBucket("bucket");
  const data = randomBytes(500_000);
  await lab.project.putObject("bucket", "key", bodyOf(data));
  let calls = 0;
  let silent: number | undefined;
  lab.nodes.forEach((_, node) => {
    lab.faults[node] = {
      async onCall(kind, signal) {
        if (kind === "download") calls++;
        silent ??= node;
        if (silent === node) await frozen().onCall?.(kind, signal);
      },
    };
  });
  t.true((await readAll((await lab.project.getObject("bucket", "key")).body)).equals(data));
  t.true(calls >= 5, `${calls} calls`);
  await until(() => active(lab, "downloads") === 0); // the silent one heard that it was called off
  calls = 0;
  t.true((await readAll((await lab.project.getObject("bucket", "key")).body)).equals(data));
  t.is(calls, 4);
});

test.serial("several segments of an upload are under way at a time", async (t) => {
  const lab = await projectLab(t, { uplink: small });
  await lab.project.createBucket("bucket");
  const data = randomBytes(5 * mib);
  // No piece of the first segment comes to its end before one of the second is begun.
  const second = deferred<void>();
  let begun = 0;
  const holding = {
    async onCall() {
      if (++begun > 10) second.resolve();
    },
    async onReceived(chunk: Uint8Array, offset: number) {
      if (offset + chunk.length > 262_144) await second.promise;
    },
  };
  lab.faults.push(...lab.nodes.map(() => holding));
  await lab.project.putObject("bucket", "key", bodyOf(data));
  t.true((await readAll((await lab.project.getObject("bucket", "key")).body)).equals(data));
});

test.serial("pieces beyond the optimal threshold are called off on the wire, and their connections kept", async (t) => {
  const lab = await projectLab(t);
  const uplink = createUplink({ ...small, codec: createInlineCodec(), slowNodeMs: 60_000 } satisfies UplinkOptions);
  t.teardown(() => uplink.close());
  const project = await uplink.openProject(lab.grant);
  await project.createBucket("bucket");
  await project.putObject("bucket", "warm", bodyOf(randomBytes(100_000)));
  const { connections } = uplink.stats();
  await until(() => active(lab, "uploads") === 0);
  const before = canceled(lab, "uploads");
  // They read all, and never answer.
  const mute = {
    async onReceived(_: Uint8Array, __: number, signal: AbortSignal) {
      await new Promise<void>((_resolve, reject) => {
        if (signal.aborted) reject(signal.reason);
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
    },
  };
  lab.faults[3] = mute;
  lab.faults[8] = mute;
  await project.putObject("bucket", "key", bodyOf(randomBytes(100_000)));
  await until(() => active(lab, "uploads") === 0);
  t.is(canceled(lab, "uploads") - before, 2);
  t.true(uplink.stats().connections >= connections);
  t.is(uplink.stats().idleConnections, uplink.stats().connections);
});

test.serial("a caller that aborts is heard by the nodes, in both directions", async (t) => {
  const lab = await projectLab(t, { uplink: small });
  await lab.project.createBucket("bucket");
  const data = randomBytes(400_000);
  await lab.project.putObject("bucket", "key", bodyOf(data));
  await until(() => active(lab, "uploads") === 0);
  lab.faults.push(...lab.nodes.map(() => frozen()));
  const abort = new AbortController();
  const { signal } = abort;
  const upload = lab.project.putObject("bucket", "other", bodyOf(data), { signal });
  const download = lab.project.getObject("bucket", "key", { signal }).then(({ body }) => readAll(body));
  await until(() => active(lab, "uploads") >= 8 && active(lab, "downloads") >= 4);
  abort.abort();
  await t.throwsAsync(upload, { code: "canceled" });
  await t.throwsAsync(download, { code: "canceled" });
  await until(() => active(lab, "uploads") + active(lab, "downloads") === 0);
  t.pass();
});

test.serial("too few nodes: the error tells so, and nothing stays", async (t) => {
  const lab = await projectLab(t, { uplink: { ...small, hedgeMs: 50 } });
  await lab.project.createBucket("bucket");
  await lab.project.putObject("bucket", "key", bodyOf(randomBytes(400_000)));
  for (const node of [0, 1, 2]) lab.faults[node] = rejecting(["upload"]);
  await t.throwsAsync(lab.project.putObject("bucket", "other", bodyOf(randomBytes(mib))), { code: "not-enough-nodes" });
  t.deepEqual((await lab.project.listUploads("bucket")).entries, []);
  for (const node of lab.nodes.keys()) lab.faults[node] = rejecting(node < 7 ? ["upload", "download"] : []);
  const download = await lab.project.getObject("bucket", "key");
  await t.throwsAsync(readAll(download.body), { code: "not-enough-nodes" });
});

test.serial("one wrong bit is found out wherever it is in a range", async (t) => {
  const lab = await projectLab(t, { uplink: { ...small, segmentSize: 4 * mib, hedgeMs: 30_000 } });
  await lab.project.createBucket("bucket");
  const data = randomBytes(2 * mib);
  await lab.project.putObject("bucket", "key", bodyOf(data));
  // In a cipher block that would be cut by units counted from the start of the range.
  const range = { start: 101 * 7408, end: 101 * 7408 + 400_000 };
  const wrong = 960 * 256 + 5;
  for (const node of lab.nodes.keys()) {
    lab.faults.fill(undefined);
    lab.faults[node] = {
      async onSend(chunk, offset) {
        if (wrong < offset || wrong >= offset + chunk.length) return chunk;
        const flipped = Uint8Array.from(chunk);
        flipped[wrong - offset]! ^= 4;
        return flipped;
      },
    };
    const project = await lab.open({}); // which knows of no node that sent rubbish
    const { body } = await project.getObject("bucket", "key", { range });
    t.true((await readAll(body)).equals(data.subarray(range.start, range.end)), `node ${node}`);
  }
});
