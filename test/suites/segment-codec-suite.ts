import { createHash } from "node:crypto";
import type { TestFn } from "ava";
import { concatBytes, equalBytes, fromHex, toHex } from "../../core/bytes/bytes.js";
import { encryptBlocks, encryptedSize, plainBlockSize } from "../../core/crypto/blocks.js";
import { CipherSuite } from "../../core/crypto/cipher-suite.js";
import { contentNonce } from "../../core/crypto/nonce.js";
import { padding } from "../../core/crypto/padding.js";
import { createErasureCode } from "../../core/erasure/code.js";
import { pieceSize } from "../../core/erasure/scheme.js";
import { isPosternError } from "../../core/errors.js";
import type {
  EncodedSegment,
  SegmentCodec,
  SegmentDecoder,
  SegmentEncoder,
  SegmentLayout,
  ShareRun,
} from "../../core/segment/codec.js";
import { createPieceHasher } from "../../core/segment/piece-hash.js";
import { asVector, pattern, readVectors, type Summary } from "../helpers/vectors.js";

const { segments } = readVectors<{
  segments: {
    plainPatternLabel: string;
    cases: {
      cipher: number;
      blockSize: number;
      splitSize: number;
      partNumber: number;
      plainLength: number;
      segments: {
        index: number;
        inline: boolean;
        plainSize: number;
        encryptedSize: number;
        contentKey: string;
        encryptedData: string | Summary;
      }[];
    }[];
  };
}>("metadata");

/** Every SegmentCodec must pass these tests. `make` is called once; the suite closes what it gets. */
export function segmentCodecSuite(test: TestFn, make: () => SegmentCodec): void {
  let codec: SegmentCodec;
  test.before(() => {
    codec = make();
  });
  test.after.always(() => codec.close());

  test("encrypted segments are those of uplink: every vector", async (t) => {
    const { plainPatternLabel, cases } = segments;
    for (const c of cases) {
      const plain = pattern(plainPatternLabel, c.plainLength);
      for (const segment of c.segments) {
        if (segment.inline) continue;
        const layout = layoutOf(2, 4, 256, {
          cipherSuite: c.cipher,
          contentKey: fromHex(segment.contentKey),
          startingNonce: contentNonce(c.partNumber, segment.index),
          encryptedBlockSize: c.blockSize,
        });
        const start = segment.index * c.splitSize;
        const { pieces, summary } = await encodeAll(codec, layout, plain.slice(start, start + segment.plainSize), 500);
        t.is(summary.plainSize, segment.plainSize);
        t.is(summary.encryptedSize, segment.encryptedSize);
        const request = { runs: runsOf(pieces, [1, 3]), firstStripe: 0, encryptedSize: summary.encryptedSize };
        const encrypted = await usingDecoder(codec, layout, (d) => d.decode({ ...request, encryptedOnly: true }));
        t.deepEqual(asVector(encrypted.plain, segment.encryptedData), segment.encryptedData);
        const decoded = await usingDecoder(codec, layout, (d) => d.decode(request));
        t.deepEqual(decoded.plain.subarray(0, segment.plainSize), plain.subarray(start, start + segment.plainSize));
      }
    }
  });

  test("pieces and their hashes follow from the parts, however the plain bytes come", async (t) => {
    const sizes = [0, 1, 47, 48, 3_000, 12_000];
    const layouts = [
      layoutOf(4, 10, 256),
      layoutOf(4, 10, 256, { encryptedBlockSize: 64 }),
      layoutOf(3, 5, 7, { encryptedBlockSize: 64 }),
      layoutOf(1, 1, 1, { encryptedBlockSize: 17 }),
      layoutOf(29, 80, 256),
      layoutOf(2, 3, 1024, { cipherSuite: CipherSuite.SecretBox, encryptedBlockSize: 100 }),
      layoutOf(2, 4, 16, { cipherSuite: CipherSuite.Null }),
    ];
    for (const layout of layouts) {
      for (const size of sizes) {
        const plain = pattern(`plain/${size}`, size);
        const expected = expectedPieces(layout, plain);
        for (const unit of [size + 1, 1 + Math.floor(size / 3), 1 + Math.floor(size / 50)]) {
          const hash = unit % 2 === 0 ? 0 : 1;
          const { pieces, summary } = await encodeAll(codec, layout, plain, unit, hash);
          const { required, total, shareSize, cipherSuite } = layout;
          const name = `${required} of ${total}, cipher ${cipherSuite}, ${size} bytes, ${unit} at once`;
          t.true(
            pieces.every((piece, i) => equalBytes(piece, expected[i]!)),
            name,
          );
          t.is(summary.plainSize, size);
          t.is(summary.encryptedSize, encryptedSize(size, cipherSuite, layout.encryptedBlockSize));
          t.is(summary.pieceSize, pieceSize(summary.encryptedSize, required, shareSize));
          t.is(pieces[0]!.length, summary.pieceSize);
          t.true(
            summary.pieceHashes.every((digest, i) => equalBytes(digest, hashOf(expected[i]!, hash))),
            name,
          );
        }
      }
    }
  });

  test("a unit is a whole number of cipher blocks, and of stripes where that is possible", async (t) => {
    for (const [required, total, shareSize] of [
      [4, 10, 256],
      [16, 38, 256],
      [29, 110, 256],
      [7, 12, 1000],
      [128, 256, 65_536],
    ] as const) {
      const layout = layoutOf(required, total, shareSize);
      const encoder = codec.encoder(layout, 0);
      t.is(encoder.unitSize % 7408, 0);
      t.true(encoder.unitSize > 0 && encoder.unitSize <= 1 << 20);
      const encrypted = (encoder.unitSize / 7408) * 7424;
      if (shareSize === 256) t.is(encrypted % (required * shareSize), 0);
      encoder.close();
      const decoder = codec.decoder(layout);
      t.true(decoder.unitStripes >= 1);
      if (shareSize === 256) t.is((decoder.unitStripes * required * shareSize) % 7424, 0);
      decoder.close();
    }
  });

  test("runs of a unit share one buffer that belongs to the receiver", async (t) => {
    const layout = layoutOf(4, 10, 256);
    const encoder = codec.encoder(layout, 0);
    const first = await encoder.encode(pattern("unit", 30_000).slice());
    const copy = first.runs.map((run) => toHex(run));
    await encoder.encode(pattern("other", 30_000).slice());
    t.deepEqual(
      first.runs.map((run) => toHex(run)),
      copy,
    );
    t.is(first.runs.length, 10);
    encoder.close();
  });

  test("plain bytes may be a part of a buffer that others use", async (t) => {
    const layout = layoutOf(2, 4, 16, { encryptedBlockSize: 64 });
    const around = pattern("around", 200_000).slice();
    const encoder = codec.encoder(layout, 0);
    const unit = await encoder.encode(around.subarray(1_000, 150_000));
    t.true(unit.runs[0]!.length > 0);
    t.deepEqual(around.subarray(0, 100), pattern("around", 200_000).subarray(0, 100));
    encoder.close();
  });

  test("decodes from any pieces, from any stripe on, in units of any size", async (t) => {
    const random = generator(7);
    for (const layout of [
      layoutOf(4, 10, 256),
      layoutOf(3, 7, 100, { encryptedBlockSize: 333 }),
      layoutOf(5, 9, 16, { encryptedBlockSize: 1_000 }),
      layoutOf(2, 4, 33, { cipherSuite: CipherSuite.SecretBox, encryptedBlockSize: 64 }),
      layoutOf(4, 6, 10, { cipherSuite: CipherSuite.Null }),
    ]) {
      const plain = pattern("segment", 15_000);
      const { pieces, summary } = await encodeAll(codec, layout, plain, 4_000);
      const { plainBlock, block, stripe } = blocksOf(layout);
      const padded = concatBytes(plain, padding(plain.length, plainBlock));
      // A reader never asks for stripes of padding only.
      const stripes = Math.ceil(summary.encryptedSize / stripe);
      for (let round = 0; round < 8; round++) {
        const decoder = codec.decoder(layout);
        const first = round === 0 ? 0 : Math.floor(random() * (stripes - 1));
        const end = round === 0 ? stripes : first + 1 + Math.floor(random() * (stripes - first));
        const parts: Uint8Array[] = [];
        const blamed: number[] = [];
        const unit = 1 + Math.floor(random() * (round % 3 === 0 ? 4 : 200));
        for (let at = first; at < end; at += unit) {
          const last = Math.min(end, at + unit);
          const numbers = shuffled(pieces.keys(), random).slice(0, layout.required + (round % 2));
          const runs = runsOf(pieces, numbers, at * layout.shareSize, last * layout.shareSize);
          const { plain: part, corrupt } = await decoder.decode({
            runs,
            firstStripe: at,
            encryptedSize: summary.encryptedSize,
          });
          parts.push(part);
          blamed.push(...corrupt);
        }
        decoder.close();
        t.deepEqual(blamed, []);
        const from = Math.ceil((first * stripe) / block) * plainBlock;
        const to = Math.floor(Math.min(end * stripe, summary.encryptedSize) / block) * plainBlock;
        t.true(
          equalBytes(concatBytes(...parts), padded.subarray(from, Math.max(from, to))),
          `${layout.required} of ${layout.total}, stripes ${first} to ${end}, ${unit} at once`,
        );
      }
    }
  });

  test("corrupt shares: every combination that the runs allow is tried, and the wrong pieces are named", async (t) => {
    const layout = layoutOf(4, 10, 256);
    const plain = pattern("segment", 50_000);
    const { pieces, summary } = await encodeAll(codec, layout, plain, 50_000);
    for (const { given, wrong } of [
      { given: [0, 1, 2, 3, 7], wrong: [2] },
      { given: [0, 1, 2, 3, 7], wrong: [7] },
      { given: [4, 5, 6, 7, 8], wrong: [4] },
      { given: [4, 5, 6, 7, 8, 9], wrong: [9] },
      { given: [0, 1, 2, 3, 4, 5], wrong: [0, 4] },
      { given: [0, 1, 2, 3, 4, 5, 6], wrong: [1, 2, 3] },
      { given: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], wrong: [0, 1, 2, 3, 8, 9] },
      { given: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], wrong: [1, 5, 8] },
    ]) {
      const bad = corrupted(pieces, wrong);
      const decoder = codec.decoder(layout);
      const stripes = pieces[0]!.length / 256;
      const half = Math.floor(stripes / 2) + 1;
      const parts: Uint8Array[] = [];
      const named = new Set<number>();
      for (const [from, to] of [
        [0, half],
        [half, stripes],
      ] as const) {
        const runs = runsOf(bad, given, from * 256, to * 256);
        const request = { runs, firstStripe: from, encryptedSize: summary.encryptedSize };
        const { plain: part, corrupt } = await decoder.decode(request);
        parts.push(part);
        for (const piece of corrupt) named.add(piece);
      }
      decoder.close();
      t.true(equalBytes(concatBytes(...parts).subarray(0, plain.length), plain), `${given} without ${wrong}`);
      // A wrong piece that is not needed may go unnoticed; one that is used may not, and no other is blamed.
      t.deepEqual(
        [...named].filter((piece) => !wrong.includes(piece)),
        [],
      );
      const used = given.slice(0, 4).includes(3) ? [0, 1, 2, 3] : given.slice(-4);
      const missed = wrong.filter((piece) => used.includes(piece) && !named.has(piece));
      t.deepEqual(missed, [], `${given} without ${wrong}, named ${[...named]}`);
    }
  });

  test("a rejected decode changes nothing: more runs of the same stripes help", async (t) => {
    const layout = layoutOf(4, 10, 256);
    const plain = pattern("segment", 70_000);
    const { pieces, summary } = await encodeAll(codec, layout, plain, 70_000);
    const bad = corrupted(pieces, [1, 3]);
    const { encryptedSize: size } = summary;
    const decoder = codec.decoder(layout);
    // Stripe 11 cuts a block: its head waits in the decoder while the next call fails.
    const head = await decoder.decode({
      runs: runsOf(pieces, [0, 1, 2, 3], 0, 2_816),
      firstStripe: 0,
      encryptedSize: size,
    });
    const ask = (numbers: number[]) =>
      decoder.decode({ runs: runsOf(bad, numbers, 2_816), firstStripe: 11, encryptedSize: size });
    for (const numbers of [
      [0, 1, 2, 3],
      [0, 1, 2, 3, 5],
    ]) {
      t.true(isPosternError(await t.throwsAsync(ask(numbers)), "corrupt-data"), `${numbers}`);
    }
    const rest = await ask([0, 1, 2, 3, 5, 9]);
    t.deepEqual([...rest.corrupt].sort(), [1, 3]);
    t.true(equalBytes(concatBytes(head.plain, rest.plain).subarray(0, plain.length), plain));
    decoder.close();
  });

  test("a corrupt share that waited for the end of its block is found too", async (t) => {
    const layout = layoutOf(4, 10, 256);
    const plain = pattern("segment", 40_000);
    const { pieces, summary } = await encodeAll(codec, layout, plain, 40_000);
    const { encryptedSize: size } = summary;
    const bad = corrupted(pieces, [2]);
    const decoder = codec.decoder(layout);
    const request = (numbers: number[], from: number, to: number) => ({
      runs: runsOf(bad, numbers, from * 256, to * 256),
      firstStripe: from,
      encryptedSize: size,
    });
    t.is((await decoder.decode(request([0, 1, 2, 3], 0, 3))).plain.length, 0);
    // Only the first three stripes had piece 2, with nothing to spare.
    t.true(isPosternError(await t.throwsAsync(decoder.decode(request([0, 1, 4, 5], 3, 20))), "corrupt-data"));
    // The caller may give stripes again that a block still waits for.
    const first = await decoder.decode(request([0, 1, 2, 3, 9], 0, 20));
    t.deepEqual(first.corrupt, [2]);
    const second = await decoder.decode(request([0, 1, 3, 9], 20, pieces[0]!.length / 256));
    t.true(equalBytes(concatBytes(first.plain, second.plain).subarray(0, plain.length), plain));
    decoder.close();
  });

  test("another key: shares that agree are not at fault", async (t) => {
    const layout = layoutOf(4, 10, 256);
    const { pieces, summary } = await encodeAll(codec, layout, pattern("segment", 9_000), 9_000);
    const other = { ...layout, contentKey: pattern("other key", 32) };
    const decode = (numbers: number[]) =>
      usingDecoder(codec, other, (decoder) =>
        decoder.decode({ runs: runsOf(pieces, numbers), firstStripe: 0, encryptedSize: summary.encryptedSize }),
      );
    t.true(isPosternError(await t.throwsAsync(decode([0, 1, 2, 3])), "corrupt-data"));
    t.true(isPosternError(await t.throwsAsync(decode([0, 1, 2, 3, 4])), "decryption-failed"));
  });

  test("without authentication, more shares than needed correct each other", async (t) => {
    const nullCipher = layoutOf(4, 10, 256, { cipherSuite: CipherSuite.Null });
    const gcm = layoutOf(4, 10, 256);
    for (const layout of [nullCipher, gcm]) {
      const { pieces, summary } = await encodeAll(codec, layout, pattern("segment", 20_000), 20_000);
      const { encryptedSize: size } = summary;
      const decode = (numbers: number[], wrong: number[]) =>
        usingDecoder(codec, layout, (decoder) =>
          decoder.decode({
            runs: runsOf(corrupted(pieces, wrong), numbers),
            firstStripe: 0,
            encryptedSize: size,
            encryptedOnly: true,
          }),
        );
      const right = await decode([0, 1, 2, 3], []);
      t.is(right.plain.length, size);
      t.deepEqual(await decode([2, 3, 4, 5, 6, 7], [2]), { plain: right.plain, corrupt: [2] });
      t.deepEqual(await decode([0, 1, 2, 3, 4, 5, 6, 7], [2, 7]), { plain: right.plain, corrupt: [2, 7] });
      t.true(isPosternError(await t.throwsAsync(decode([0, 1, 2, 3, 4], [2])), "corrupt-data"));
      t.true(isPosternError(await t.throwsAsync(decode([0, 1, 2, 3, 4, 5], [1, 2])), "corrupt-data"));
    }
  });

  test("requests that can not be are rejected, and the decoder goes on", async (t) => {
    const layout = layoutOf(2, 4, 16, { encryptedBlockSize: 64 });
    const plain = pattern("segment", 3_000);
    const { pieces, summary } = await encodeAll(codec, layout, plain, 3_000);
    const { encryptedSize: size } = summary;
    const decoder = codec.decoder(layout);
    const good = { runs: runsOf(pieces, [0, 3], 0, 160), firstStripe: 0, encryptedSize: size };
    const { plain: head } = await decoder.decode(good);
    for (const [request, code] of [
      [{ ...good, runs: good.runs.slice(1), firstStripe: 10 }, "not-enough-shares"],
      [{ ...good, runs: [] }, "not-enough-shares"],
      [{ ...good, firstStripe: 11 }, "invalid-argument"],
      [{ ...good, firstStripe: -1 }, "invalid-argument"],
      [{ ...good, firstStripe: 10, encryptedSize: size + 1 }, "invalid-argument"],
      [{ ...good, firstStripe: 10, encryptedSize: Number.NaN }, "invalid-argument"],
      [{ ...good, firstStripe: 10, runs: runsOf(pieces, [0, 3], 0, 15) }, "invalid-argument"],
      [{ ...good, firstStripe: 10, runs: [...good.runs, good.runs[0]!] }, "invalid-argument"],
      [{ ...good, firstStripe: 10, encryptedSize: 128 }, "invalid-argument"],
    ] as const) {
      t.true(isPosternError(await t.throwsAsync(decoder.decode(request)), code));
    }
    const { plain: rest } = await decoder.decode({ ...good, runs: runsOf(pieces, [1, 2], 160), firstStripe: 10 });
    t.true(equalBytes(concatBytes(head, rest).subarray(0, plain.length), plain));
    decoder.close();
  });

  test("layouts that can not be are refused at once", (t) => {
    for (const change of [
      { required: 0 },
      { total: 257 },
      { shareSize: 0 },
      { shareSize: 1 << 25 },
      { encryptedBlockSize: 16 },
      { encryptedBlockSize: 1 << 30 },
      { cipherSuite: 0 },
      { contentKey: new Uint8Array(31) },
      { startingNonce: new Uint8Array(12) },
    ]) {
      const layout = layoutOf(2, 4, 16, change);
      t.true(
        isPosternError(
          t.throws(() => codec.encoder(layout, 0)),
          "invalid-argument",
        ),
        JSON.stringify(change),
      );
      t.true(
        isPosternError(
          t.throws(() => codec.decoder(layout)),
          "invalid-argument",
        ),
      );
    }
  });

  test("calls may be made before the one before is done; they are served in order", async (t) => {
    const layout = layoutOf(4, 10, 256);
    const plain = pattern("segment", 400_000);
    const encoder = codec.encoder(layout, 0);
    const units = [0, 1, 2, 3].map((i) => encoder.encode(plain.slice(i * 100_000, (i + 1) * 100_000)));
    const last = encoder.finish();
    const runs = [...(await Promise.all(units)), (await last).unit];
    const pieces = runs[0]!.runs.map((_, i) => concatBytes(...runs.map((unit) => unit.runs[i]!)));
    t.true(expectedPieces(layout, plain).every((piece, i) => equalBytes(piece, pieces[i]!)));
    encoder.close();

    const decoder = codec.decoder(layout);
    const size = (await last).segment.encryptedSize;
    const decoded = await Promise.all(
      [0, 1, 2].map((i) => {
        const from = i * 150 * 256;
        const request = { runs: runsOf(pieces, [0, 2, 4, 6], from, i === 2 ? undefined : from + 150 * 256) };
        return decoder.decode({ ...request, firstStripe: i * 150, encryptedSize: size });
      }),
    );
    t.true(equalBytes(concatBytes(...decoded.map((part) => part.plain)).subarray(0, plain.length), plain));
    decoder.close();
  });

  test("closed encoders and decoders refuse", async (t) => {
    const layout = layoutOf(2, 4, 16, { encryptedBlockSize: 64 });
    const encoder = codec.encoder(layout, 0);
    await encoder.encode(pattern("segment", 100).slice());
    encoder.close();
    encoder.close();
    await t.throwsAsync(encoder.encode(new Uint8Array(10)), { message: /closed/ });
    await t.throwsAsync(encoder.finish(), { message: /closed/ });
    const decoder = codec.decoder(layout);
    decoder.close();
    await t.throwsAsync(decoder.decode({ runs: [], firstStripe: 0, encryptedSize: 64 }), { message: /closed/ });
  });

  test("nothing can follow the end of a segment", async (t) => {
    const encoder = codec.encoder(layoutOf(2, 4, 16, { encryptedBlockSize: 64 }), 0);
    await encoder.finish();
    await t.throwsAsync(encoder.encode(new Uint8Array(10)), { message: /finished/ });
    await t.throwsAsync(encoder.finish(), { message: /finished/ });
    encoder.close();
  });
}

export function layoutOf(
  required: number,
  total: number,
  shareSize: number,
  more: Partial<SegmentLayout> = {},
): SegmentLayout {
  return {
    cipherSuite: CipherSuite.AesGcm,
    contentKey: pattern("content key", 32),
    startingNonce: contentNonce(0, 0),
    encryptedBlockSize: 7_424,
    required,
    total,
    shareSize,
    ...more,
  };
}

/** Encodes plain bytes, `unit` at once; whole pieces and the summary. */
export async function encodeAll(
  codec: SegmentCodec,
  layout: SegmentLayout,
  plain: Uint8Array,
  unit: number,
  hash: 0 | 1 = 0,
): Promise<{ pieces: Uint8Array[]; summary: EncodedSegment }> {
  const encoder: SegmentEncoder = codec.encoder(layout, hash);
  const units: (readonly Uint8Array[])[] = [];
  for (let at = 0; at < plain.length; at += unit) units.push((await encoder.encode(plain.slice(at, at + unit))).runs);
  const { unit: last, segment } = await encoder.finish();
  units.push(last.runs);
  encoder.close();
  return {
    pieces: last.runs.map((_, i) => concatBytes(...units.map((runs) => runs[i]!))),
    summary: segment,
  };
}

export function runsOf(pieces: readonly Uint8Array[], numbers: readonly number[], from = 0, to?: number): ShareRun[] {
  return numbers.map((pieceNumber) => ({ pieceNumber, data: pieces[pieceNumber]!.subarray(from, to) }));
}

/** What the pieces must be, put together from the cipher, the padding and the erasure code. */
function expectedPieces(layout: SegmentLayout, plain: Uint8Array): Uint8Array[] {
  const { plainBlock, stripe } = blocksOf(layout);
  const { cipherSuite: suite, contentKey: key, startingNonce, encryptedBlockSize } = layout;
  const encrypted = new Uint8Array(encryptedSize(plain.length, suite, encryptedBlockSize));
  const padded = concatBytes(plain, padding(plain.length, plainBlock));
  encryptBlocks(padded, encrypted, { suite, key, startingNonce, encryptedBlockSize }, 0);
  const input = concatBytes(encrypted, padding(encrypted.length, stripe));
  const code = createErasureCode(layout.required, layout.total);
  const stripes: Uint8Array[][] = [];
  for (let at = 0; at < input.length; at += stripe) stripes.push(code.encode(input.subarray(at, at + stripe)));
  return stripes[0]!.map((_, i) => Buffer.concat(stripes.map((shares) => shares[i]!)));
}

function blocksOf(layout: SegmentLayout): { plainBlock: number; block: number; stripe: number } {
  return {
    plainBlock: plainBlockSize(layout.cipherSuite, layout.encryptedBlockSize),
    block: layout.cipherSuite === CipherSuite.Null ? 1 : layout.encryptedBlockSize,
    stripe: layout.required * layout.shareSize,
  };
}

function hashOf(piece: Uint8Array, algorithm: 0 | 1): Uint8Array {
  if (algorithm === 0) return createHash("sha256").update(piece).digest();
  const hasher = createPieceHasher(1);
  hasher.update(piece);
  return hasher.digest();
}

/** Copies in which one byte of every share of the `wrong` pieces is not what it was. */
function corrupted(pieces: readonly Uint8Array[], wrong: readonly number[]): Uint8Array[] {
  return pieces.map((piece, number) => {
    if (!wrong.includes(number)) return piece;
    const copy = piece.slice();
    for (let at = 3; at < copy.length; at += 16) copy[at]! ^= 1 + number;
    return copy;
  });
}

async function usingDecoder<T>(
  codec: SegmentCodec,
  layout: SegmentLayout,
  use: (decoder: SegmentDecoder) => Promise<T>,
): Promise<T> {
  const decoder = codec.decoder(layout);
  try {
    return await use(decoder);
  } finally {
    decoder.close();
  }
}

/** Numbers in [0, 1) that are the same in every run. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

function shuffled<T>(items: Iterable<T>, random: () => number): T[] {
  return [...items]
    .map((item) => ({ item, key: random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
