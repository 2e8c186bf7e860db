import { randomBytes } from "node:crypto";
import { gunzipSync } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { PosternError } from "../../../../core/index.js";
import { openZip } from "../../../../frontends/linkshare/archive/zip-reader.js";
import { streamZip } from "../../../../frontends/linkshare/archive/zip-writer.js";
import { bytesOf, countingSource, each, entryOf } from "./entries.js";

const text = "To be, or not to be. ".repeat(3000);
const sample = () =>
  bytesOf(streamZip(each([entryOf("a.txt", text), entryOf("b.bin.gz", randomBytes(50_000)), entryOf("d/", "")])));

test("a small archive is listed in one range, and a file out of it is one more", async (t) => {
  const source = countingSource(await sample());
  const archive = await openZip(source);
  t.is(source.reads.length, 1);
  t.deepEqual(
    archive.entries.map(({ name, size, readable }) => [name, size, readable]),
    [
      ["a.txt", text.length, true],
      ["b.bin.gz", 50_000, true],
      ["d/", 0, false],
    ],
  );
  const opened = archive.open("a.txt")!;
  t.is(source.reads.length, 1);
  t.is(opened.size, text.length);
  t.is((await bytesOf(opened.stream)).toString(), text);
  t.is(source.reads.length, 2);
  t.is(archive.open("d/"), undefined);
  t.is(archive.open("none"), undefined);
  t.is(archive.open("__proto__"), undefined);
});

test("the directory of a large archive is read in few ranges, and not what is before it", async (t) => {
  const big = Array.from({ length: 2500 }, (_, index) =>
    entryOf(`folder with a name/${index}-${"x".repeat(230)}.txt`, "x"),
  );
  const zip = await bytesOf(streamZip(each([entryOf("zeros.mp4", Buffer.alloc(3 << 20)), ...big])));
  const source = countingSource(zip);
  const archive = await openZip(source);
  t.is(archive.entries.length, 2501);
  t.true(source.reads.length <= 5, `${source.reads.length} reads`);
  t.true(source.reads.every(([start]) => start > 3 << 20));
  const cut = await openZip(countingSource(zip), { maxEntries: 100 });
  t.is(cut.entries.length, 100);
  t.true(cut.cut);
  t.is(cut.open(big[500]!.name), undefined);
  const error = await t.throwsAsync(openZip(countingSource(zip), { maxDirectoryBytes: 600_000 }));
  t.is((error as PosternError).code, "resource-exhausted");
});

test("a deflated entry can be had as gzip, a stored one as it is", async (t) => {
  const archive = await openZip(countingSource(await sample()));
  const packed = archive.open("a.txt", { gzip: true })!;
  t.is(packed.encoding, "gzip");
  const bytes = await bytesOf(packed.stream);
  t.is(bytes.length, packed.size);
  t.is(gunzipSync(bytes).toString(), text);
  t.is(archive.open("b.bin.gz", { gzip: true })!.encoding, undefined);
});

test("a long extra field in the local header costs one more range", async (t) => {
  const zip = await bytesOf(streamZip(each([entryOf("a.zip", "0123456789")])));
  // Two thousand bytes of extra field that only the local header has: all offsets after it move.
  const extra = Buffer.alloc(2000);
  extra.writeUInt16LE(0xcafe, 0);
  extra.writeUInt16LE(1996, 2);
  const moved = Buffer.concat([zip.subarray(0, 35), extra, zip.subarray(35)]);
  moved.writeUInt16LE(2000, 28);
  moved.writeUInt32LE(moved.readUInt32LE(moved.length - 6) + 2000, moved.length - 6);
  const source = countingSource(moved);
  const archive = await openZip(source);
  t.is((await bytesOf(archive.open("a.zip")!.stream)).toString(), "0123456789");
  t.is(source.reads.length, 3);
});

/** Renames an entry in both headers; a name of the same length in bytes. */
function renamed(zip: Buffer, from: string, to: string): Buffer {
  const bytes = Buffer.from(zip.toString("latin1").replaceAll(from, to), "latin1");
  if (bytes.length !== zip.length) throw new Error("names differ in length");
  return bytes;
}

test("hostile and repeated names are neither shown nor opened; the others are", async (t) => {
  const zip = await bytesOf(
    streamZip(
      each([
        entryOf("good.txt", "fine"),
        entryOf("NAME-1234", "bad"),
        entryOf("same-1", "first"),
        entryOf("same-2", "second"),
      ]),
    ),
  );
  const hostile = [
    "../../etc",
    "/etc/pass",
    "a/../../b",
    "C:/windos",
    "a/\0/b.txt",
    "..\\..\\ab",
    "a//b//c.d",
    "x\r\ny: z.a",
    "\u202ec.txt.",
  ];
  for (const name of hostile) {
    const latin = Buffer.from(name).toString("latin1").padEnd(9, "x").slice(0, 9);
    const archive = await openZip(countingSource(renamed(zip, "NAME-1234", latin)));
    t.deepEqual(
      archive.entries.map((entry) => entry.name),
      ["good.txt", "same-1", "same-2"],
      JSON.stringify(name),
    );
    t.is(archive.hidden, 1);
    t.is(archive.open(latin), undefined);
    t.is((await bytesOf(archive.open("good.txt")!.stream)).toString(), "fine");
  }
  const repeated = await openZip(countingSource(renamed(zip, "same-2", "same-1")));
  t.is(repeated.hidden, 1);
  t.is((await bytesOf(repeated.open("same-1")!.stream)).toString(), "first");
  const windows = await openZip(countingSource(renamed(zip, "NAME-1234", "dir\\a.txt")));
  t.truthy(windows.open("dir/a.txt"));
});

test("what is encrypted, of an unknown method, or larger than allowed is shown but not opened", async (t) => {
  const zip = await bytesOf(streamZip(each([entryOf("a.txt", text)])));
  const directory = zip.lastIndexOf(Buffer.from("PK\x01\x02"));
  const encrypted = Buffer.from(zip);
  encrypted.writeUInt16LE(encrypted.readUInt16LE(directory + 8) | 1, directory + 8);
  const lzma = Buffer.from(zip);
  lzma.writeUInt16LE(14, directory + 10);
  for (const [bytes, limits] of [[encrypted], [lzma], [zip, { maxEntryBytes: text.length - 1 }]] as const) {
    const archive = await openZip(countingSource(bytes), limits);
    t.is(archive.entries.length, 1);
    t.false(archive.entries[0]!.readable);
    t.is(archive.open("a.txt"), undefined);
  }
});

test("an entry never gives more than it promised: no zip bomb goes off", async (t) => {
  const zip = await bytesOf(streamZip(each([entryOf("bomb.txt", Buffer.alloc(1 << 20))])));
  const directory = zip.lastIndexOf(Buffer.from("PK\x01\x02"));
  zip.writeUInt32LE(1000, directory + 24);
  const archive = await openZip(countingSource(zip));
  let given = 0;
  const error = await t.throwsAsync(async () => {
    for await (const chunk of archive.open("bomb.txt")!.stream) given += chunk.length;
  });
  t.is((error as PosternError).code, "corrupt-data");
  t.true(given <= 1000);
});

test("wrong checksums, lengths and places of an entry are corrupt data", async (t) => {
  const zip = await bytesOf(streamZip(each([entryOf("a.txt", text), entryOf("b.txt", text)])));
  const directory = zip.indexOf(Buffer.from("PK\x01\x02"));
  const changes: ((bytes: Buffer) => void)[] = [
    (bytes) => bytes.writeUInt32LE(1, directory + 16),
    (bytes) => bytes.writeUInt32LE(text.length + 1, directory + 24),
    (bytes) => bytes.writeUInt32LE(7, directory + 42),
    (bytes) => bytes.writeUInt32LE(bytes.length - 10, directory + 42),
    (bytes) => bytes.writeUInt32LE(0x7fffffff, directory + 42),
    (bytes) => bytes.writeUInt32LE(0x7fffffff, directory + 20),
    (bytes) => bytes.fill(0xff, 40, 60),
  ];
  for (const [index, change] of changes.entries()) {
    const bytes = Buffer.from(zip);
    change(bytes);
    const archive = await openZip(countingSource(bytes));
    const error = await t.throwsAsync(bytesOf(archive.open("a.txt")!.stream), undefined, `change ${index}`);
    t.is((error as PosternError).code, "corrupt-data", `change ${index}`);
  }
});

test("leaving or aborting an entry closes its range, stored or deflated", async (t) => {
  const hex = Buffer.from(randomBytes(1 << 20).toString("hex"));
  const zip = await bytesOf(streamZip(each([entryOf("stored", randomBytes(1 << 20)), entryOf("deflated", hex)])));
  let closed = 0;
  const plain = countingSource(zip);
  const source = {
    size: zip.length,
    async *read(start: number, end: number) {
      try {
        yield* plain.read(start, end);
      } finally {
        closed++;
      }
    },
  };
  const archive = await openZip(source);
  t.deepEqual(
    archive.entries.map(({ size, compressedSize }) => size === compressedSize),
    [true, false],
  );
  for (const name of ["stored", "deflated"]) {
    closed = 0;
    for await (const _ of archive.open(name)!.stream) break;
    t.is(closed, 1);
    const controller = new AbortController();
    const error = await t.throwsAsync(async () => {
      for await (const _ of archive.open(name, { signal: controller.signal })!.stream) controller.abort();
    });
    t.is((error as PosternError).code, "canceled", name);
    t.is(closed, 2);
  }
});

test("an error of the source is kept; what is no zip is corrupt data", async (t) => {
  const unavailable = new PosternError("unavailable", "no node answers");
  const failing = {
    size: 1000,
    // biome-ignore lint/correctness/useYield: it fails before it gives anything
    async *read(): AsyncGenerator<Uint8Array, void, undefined> {
      throw unavailable;
    },
  };
  t.is(await t.throwsAsync(openZip(failing)), unavailable);
  for (const bytes of [Buffer.alloc(0), Buffer.alloc(10), randomBytes(5000), Buffer.from("PK\x05\x06")]) {
    const error = await t.throwsAsync(openZip(countingSource(bytes)));
    t.is((error as PosternError).code, "corrupt-data");
  }
});

test("no change of an archive does more than fail", async (t) => {
  const zip = await bytesOf(
    streamZip(each([entryOf("a.txt", text), entryOf("b.gz", "stored"), entryOf("d/e.txt", "x")])),
  );
  const change = fc.tuple(fc.nat(zip.length - 1), fc.integer({ min: 0, max: 255 }));
  // Most bytes that matter are in the headers at the end.
  const late = fc.tuple(fc.integer({ min: zip.length - 260, max: zip.length - 1 }), fc.constantFrom(0, 1, 0x7f, 0xff));
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(change, late, late), { minLength: 1, maxLength: 4 }), async (changes) => {
      const bytes = Buffer.from(zip);
      for (const [at, value] of changes) bytes[at] = value;
      try {
        const archive = await openZip(countingSource(bytes));
        for (const { name, size } of archive.entries) {
          const opened = archive.open(name);
          if (opened === undefined) continue;
          let given = 0;
          for await (const chunk of opened.stream) given += chunk.length;
          if (given !== size) throw new Error("another length than promised");
        }
      } catch (error) {
        if (!(error instanceof PosternError)) throw error;
        if (error.code !== "corrupt-data" && error.code !== "resource-exhausted") throw error;
      }
    }),
    { numRuns: 400 },
  );
  t.pass();
});
