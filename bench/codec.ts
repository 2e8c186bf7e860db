/**
 * What the codec of segments does on this machine: MB of plain bytes a second, per scheme, in this thread and in workers.
 * Run: node dist/bench/codec.js [seconds a figure, 0.5] [schemes, 4/10,16/38,29/80,29/110]
 *
 * Each figure is that of the best of several segments, so that it says what the code costs and not what else the machine
 * was doing; the delays of the event loop are over all of them. Compare figures of one run only.
 */
import { availableParallelism } from "node:os";
import { monitorEventLoopDelay, performance } from "node:perf_hooks";
import { argv } from "node:process";
import { setImmediate } from "node:timers/promises";
import { CipherSuite } from "../core/crypto/cipher-suite.js";
import { contentNonce } from "../core/crypto/nonce.js";
import { type Combination, prepareCombination } from "../core/erasure/combination.js";
import { threadKernel } from "../core/erasure/kernel.js";
import { shareNumbers } from "../core/erasure/share.js";
import type { PieceHashAlgorithm, SegmentCodec, SegmentLayout } from "../core/segment/codec.js";
import { createInlineCodec } from "../core/segment/inline-codec.js";
import { createWorkerCodec } from "../core/segment/worker-codec.js";

const [secondsText = "0.5", schemesText = "4/10,16/38,29/80,29/110"] = argv.slice(2);
const milliseconds = Number(secondsText) * 1_000;
const shareSize = 256;
const segmentBytes = 8 << 20;

interface Figure {
  /** Of the best call. */
  readonly milliseconds: number;
  readonly delay: string;
}

/** Calls `work` until the time of one figure is over. */
async function measure(work: () => Promise<void> | void): Promise<Figure> {
  await work();
  const delays = monitorEventLoopDelay({ resolution: 1 });
  delays.enable();
  const start = performance.now();
  let best = Number.POSITIVE_INFINITY;
  while (performance.now() - start < milliseconds) {
    const began = performance.now();
    await work();
    best = Math.min(best, performance.now() - began);
  }
  delays.disable();
  // What the histogram holds are intervals of a timer of one millisecond.
  const ms = (percentile: number) => Math.max(0, delays.percentile(percentile) / 1e6 - 1).toFixed(1);
  return { milliseconds: best, delay: `loop delayed ${ms(50)} ms (p50), ${ms(99)} ms (p99)` };
}

/** Makes lines with the rate, and with what it is of the first rate. */
function reporter() {
  let first: number | undefined;
  return (name: string, bytes: number, figure: Figure, note = "") => {
    const rate = bytes / figure.milliseconds / 1_000;
    first ??= rate;
    console.log(
      `  ${name.padEnd(42)} ${rate.toFixed(0).padStart(6)} ${(rate / first).toFixed(2).padStart(6)}x  ${note}`,
    );
  };
}

function layoutOf(required: number, total: number): SegmentLayout {
  return {
    cipherSuite: CipherSuite.AesGcm,
    contentKey: new Uint8Array(32).fill(1),
    startingNonce: contentNonce(0, 0),
    encryptedBlockSize: 7_424,
    required,
    total,
    shareSize,
  };
}

/** The kernel with nothing around it, on operands that fit the cache. */
async function measureKernel(report: ReturnType<typeof reporter>, name: string, combination: Combination) {
  const { from, to } = combination;
  const stripes = Math.max(1, Math.floor((128 << 10) / (from.length * shareSize)));
  const run = stripes * shareSize;
  const scratch = threadKernel().reserve((from.length + to.length) * run);
  for (let i = 0; i < from.length * run; i++) scratch[i] = (i * 7_919) >> 3;
  const layout = {
    sources: from.map((_, i) => i * run),
    sourceStride: shareSize,
    targets: to.map((_, i) => (from.length + i) * run),
    targetStride: shareSize,
    shareSize,
    stripes,
  };
  const figure = await measure(() => threadKernel().combine(combination, layout));
  report(name, from.length * run, figure);
}

/** Encodes a segment, with `ahead` units under way; drops the runs. */
async function encode(codec: SegmentCodec, layout: SegmentLayout, hash: PieceHashAlgorithm, ahead: number) {
  const encoder = codec.encoder(layout, hash);
  const underWay: Promise<unknown>[] = [];
  for (let at = 0; at < segmentBytes; at += encoder.unitSize) {
    if (underWay.length >= ahead) await underWay.shift();
    underWay.push(encoder.encode(new Uint8Array(Math.min(encoder.unitSize, segmentBytes - at))));
    await setImmediate();
  }
  await Promise.all(underWay);
  await encoder.finish();
  encoder.close();
}

interface Stored {
  readonly pieces: readonly Uint8Array[];
  readonly encryptedSize: number;
}

async function store(codec: SegmentCodec, layout: SegmentLayout): Promise<Stored> {
  const encoder = codec.encoder(layout, 0);
  const { runs } = await encoder.encode(new Uint8Array(segmentBytes).fill(7));
  const { unit, segment } = await encoder.finish();
  encoder.close();
  return {
    pieces: runs.map((run, i) => Buffer.concat([run, unit.runs[i]!])),
    encryptedSize: segment.encryptedSize,
  };
}

async function decode(codec: SegmentCodec, layout: SegmentLayout, stored: Stored, numbers: readonly number[]) {
  const decoder = codec.decoder(layout);
  const { pieces, encryptedSize } = stored;
  const stripes = Math.ceil(encryptedSize / (layout.required * shareSize));
  for (let firstStripe = 0; firstStripe < stripes; firstStripe += decoder.unitStripes) {
    const end = Math.min(stripes, firstStripe + decoder.unitStripes);
    const runs = numbers.map((pieceNumber) => ({
      pieceNumber,
      data: pieces[pieceNumber]!.subarray(firstStripe * shareSize, end * shareSize),
    }));
    await decoder.decode({ runs, firstStripe, encryptedSize });
    await setImmediate();
  }
  decoder.close();
}

function several(count: number, work: () => Promise<void>): () => Promise<void> {
  return async () => {
    await Promise.all(Array.from({ length: count }, work));
  };
}

async function measureScheme(required: number, total: number): Promise<void> {
  const layout = layoutOf(required, total);
  const data = shareNumbers(0, required);
  const last = shareNumbers(total - required, total);
  console.log(`\n${required} of ${total}: kernel`);
  const kernel = reporter();
  await measureKernel(kernel, "all shares from data", prepareCombination(data, shareNumbers(0, total)));
  await measureKernel(kernel, "data from data", prepareCombination(data, data));
  await measureKernel(kernel, "data from the last shares", prepareCombination(last, data));

  const here = createInlineCodec();
  const one = createWorkerCodec({ threads: 1 });
  const two = createWorkerCodec({ threads: 2 });

  console.log(`${required} of ${total}: encode`);
  const encoding = reporter();
  for (const [name, codec, hash, ahead, segments] of [
    ["this thread, SHA-256", here, 0, 1, 1],
    ["this thread, BLAKE3", here, 1, 1, 1],
    ["1 worker, SHA-256, 1 unit under way", one, 0, 1, 1],
    ["1 worker, SHA-256, 2 units under way", one, 0, 2, 1],
    ["1 worker, BLAKE3, 2 units under way", one, 1, 2, 1],
    ["1 worker, BLAKE3, 2 segments at once", one, 1, 2, 2],
    ["2 workers, BLAKE3, 2 segments at once", two, 1, 2, 2],
  ] as const) {
    const figure = await measure(several(segments, () => encode(codec, layout, hash, ahead)));
    encoding(name, segments * segmentBytes, figure, figure.delay);
  }

  console.log(`${required} of ${total}: decode`);
  const decoding = reporter();
  const stored = await store(here, layout);
  for (const [name, codec, numbers, segments] of [
    ["this thread, data shares", here, data, 1],
    ["this thread, last shares", here, last, 1],
    ["1 worker, data shares", one, data, 1],
    ["1 worker, last shares", one, last, 1],
    ["2 workers, data shares, 2 segments at once", two, data, 2],
  ] as const) {
    const figure = await measure(several(segments, () => decode(codec, layout, stored, numbers)));
    decoding(name, segments * segmentBytes, figure, figure.delay);
  }
  await Promise.all([one.close(), two.close()]);
}

/** Where sending a small segment to a worker and back begins to pay. */
async function measureSmall(): Promise<void> {
  console.log("\n4 of 10, small segments, SHA-256: microseconds a segment");
  const here = createInlineCodec();
  const there = createWorkerCodec({ threads: 1, inlineBytes: 0 });
  for (const size of [4_500, 16_000, 32_000, 64_000, 128_000]) {
    const [inline, worker] = [await smallSegment(here, size), await smallSegment(there, size)];
    console.log(`  ${String(size).padStart(7)} bytes: this thread ${inline}, worker ${worker}`);
  }
  await there.close();
}

async function smallSegment(codec: SegmentCodec, size: number): Promise<string> {
  const { milliseconds: best } = await measure(async () => {
    const encoder = codec.encoder(layoutOf(4, 10), 0);
    await encoder.encode(new Uint8Array(size));
    await encoder.finish();
    encoder.close();
  });
  return (best * 1_000).toFixed(0).padStart(5);
}

console.log(`${availableParallelism()} processors, Node.js ${process.version}; MB of plain bytes a second`);
for (const scheme of schemesText.split(",")) {
  const [required = 4, total = 10] = scheme.split("/").map(Number);
  await measureScheme(required, total);
}
await measureSmall();
