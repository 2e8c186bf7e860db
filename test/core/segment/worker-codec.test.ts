import test, { type ExecutionContext } from "ava";
import { concatBytes, equalBytes, utf8 } from "../../../core/bytes/bytes.js";
import { isPosternError } from "../../../core/errors.js";
import type { SegmentCodec } from "../../../core/segment/codec.js";
import { createInlineCodec } from "../../../core/segment/inline-codec.js";
import { createWorkerCodec } from "../../../core/segment/worker-codec.js";
import { createWorkerDecoder } from "../../../core/segment/worker-decoder.js";
import { createWorkerEncoder } from "../../../core/segment/worker-encoder.js";
import { createWorkerPool } from "../../../core/segment/worker-pool.js";
import { pattern } from "../../helpers/vectors.js";
import { encodeAll, layoutOf, runsOf, segmentCodecSuite } from "../../suites/segment-codec-suite.js";

// Everything goes to the threads, however small.
segmentCodecSuite(test, () => createWorkerCodec({ threads: 2, inlineBytes: 0 }));

const layout = layoutOf(4, 10, 256);

async function withCodec(
  t: ExecutionContext,
  options: { threads: number; inlineBytes?: number },
  use: (codec: SegmentCodec) => Promise<void>,
): Promise<void> {
  const codec = createWorkerCodec(options);
  t.teardown(() => codec.close());
  await use(codec);
}

test("small segments and large ones are encoded alike", (t) =>
  withCodec(t, { threads: 1 }, async (codec) => {
    const inline = createInlineCodec();
    for (const size of [0, 100, 30_000, 32 << 10, 33_000, 400_000]) {
      for (const unit of [10_000, 500_000]) {
        const plain = pattern("plain", size);
        const here = await encodeAll(inline, layout, plain, unit);
        const there = await encodeAll(codec, layout, plain, unit);
        t.deepEqual(there.summary, here.summary);
        t.true(there.pieces.every((piece, i) => equalBytes(piece, here.pieces[i]!)));
      }
    }
  }));

test("a buffer that plain bytes fill is transferred, one that others share is not", (t) =>
  withCodec(t, { threads: 1 }, async (codec) => {
    const encoder = codec.encoder(layout, 0);
    const whole = new Uint8Array(100_000);
    await encoder.encode(whole);
    t.is(whole.length, 0);
    const shared = new Uint8Array(100_001);
    await encoder.encode(shared.subarray(1));
    t.is(shared.length, 100_001);
    encoder.close();
  }));

test("small and large requests to one decoder continue each other", (t) =>
  withCodec(t, { threads: 2 }, async (codec) => {
    const plain = pattern("plain", 500_000);
    const { pieces, summary } = await encodeAll(createInlineCodec(), layout, plain, 500_000);
    const decoder = codec.decoder(layout);
    const parts: Uint8Array[] = [];
    let at = 0;
    for (const count of [3, 1, 200, 5, 30, 1_000]) {
      const end = Math.min(pieces[0]!.length / 256, at + count);
      const runs = runsOf(pieces, [9, 1, 2, 5], at * 256, end * 256);
      parts.push((await decoder.decode({ runs, firstStripe: at, encryptedSize: summary.encryptedSize })).plain);
      at = end;
    }
    t.true(equalBytes(concatBytes(...parts).subarray(0, plain.length), plain));
    decoder.close();
  }));

test("a small request with a corrupt share is decoded too", (t) =>
  withCodec(t, { threads: 1 }, async (codec) => {
    const { pieces, summary } = await encodeAll(createInlineCodec(), layout, pattern("plain", 7_000), 7_000);
    const bad = pieces.map((piece, i) => (i === 1 ? piece.map((byte) => byte ^ 1) : piece));
    const decoder = codec.decoder(layout);
    const request = { runs: runsOf(bad, [0, 1, 2, 3, 4]), firstStripe: 0, encryptedSize: summary.encryptedSize };
    const { plain, corrupt } = await decoder.decode(request);
    t.deepEqual(corrupt, [1]);
    t.true(equalBytes(plain.subarray(0, 7_000), pattern("plain", 7_000)));
    decoder.close();
  }));

test("a thread that dies fails its calls, and another takes its place", async (t) => {
  const pool = createWorkerPool(new URL("../../helpers/mortal-codec-worker.js", import.meta.url), 1);
  t.teardown(() => pool.close());
  const victim = createWorkerEncoder(pool, 0, layout, 0);
  const neighbour = createWorkerEncoder(pool, 0, layout, 0);
  await victim.encode(pattern("plain", 10_000).slice());
  await neighbour.encode(pattern("plain", 10_000).slice());
  const calls = [
    victim.encode(utf8("die").slice()),
    victim.encode(pattern("plain", 10_000).slice()),
    neighbour.encode(pattern("plain", 10_000).slice()),
    neighbour.finish(),
  ];
  for (const call of await Promise.allSettled(calls)) {
    t.true(call.status === "rejected" && isPosternError(call.reason, "internal"));
  }
  victim.close();
  neighbour.close();

  const plain = pattern("plain", 50_000);
  const inPool: SegmentCodec = {
    encoder: (of, hash) => createWorkerEncoder(pool, 0, of, hash),
    decoder: (of) => createWorkerDecoder(pool, 0, of),
    close: () => pool.close(),
  };
  const { pieces, summary } = await encodeAll(inPool, layout, plain, 20_000);
  const expected = await encodeAll(createInlineCodec(), layout, plain, 20_000);
  t.deepEqual(summary, expected.summary);
  t.is(pieces.length, 10);
});

test("closing ends calls that are under way, and a closed codec refuses others", async (t) => {
  const codec = createWorkerCodec({ threads: 1, inlineBytes: 0 });
  const encoder = codec.encoder(layout, 0);
  await encoder.encode(pattern("plain", 10_000).slice());
  const calls = Array.from({ length: 5 }, () => encoder.encode(pattern("plain", 300_000).slice()));
  const settled = Promise.allSettled(calls);
  await codec.close();
  const last = (await settled).at(-1)!;
  t.true(last.status === "rejected" && isPosternError(last.reason, "canceled"));
  await t.throwsAsync(encoder.encode(new Uint8Array(1)), { message: /closed/ });
  const decoder = codec.decoder(layout);
  await t.throwsAsync(decoder.decode({ runs: [], firstStripe: 0, encryptedSize: 0 }), { message: /closed/ });
  await codec.close();
});

test("a closed encoder's waiting calls are not done", (t) =>
  withCodec(t, { threads: 1, inlineBytes: 0 }, async (codec) => {
    const encoder = codec.encoder(layout, 0);
    const calls = Array.from({ length: 6 }, () => encoder.encode(pattern("plain", 100_000).slice()));
    encoder.close();
    const results = await Promise.allSettled(calls);
    t.is(results.filter((result) => result.status === "rejected").length, 4);
    const other = await encodeAll(codec, layout, pattern("plain", 1_000), 1_000);
    t.is(other.summary.plainSize, 1_000);
  }));

test("a codec needs a thread", (t) => {
  for (const threads of [0, -1, 1.5]) {
    t.true(
      isPosternError(
        t.throws(() => createWorkerCodec({ threads })),
        "invalid-argument",
      ),
    );
  }
});
