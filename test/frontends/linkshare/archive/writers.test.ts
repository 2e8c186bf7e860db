import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { gunzipSync } from "node:zlib";
import test from "ava";
import fc from "fast-check";
import { extract, type Header } from "tar-stream";
import { PosternError } from "../../../../core/index.js";
import { type ArchiveEntry, safeEntryName } from "../../../../frontends/linkshare/archive/archive-entry.js";
import { streamTarGz } from "../../../../frontends/linkshare/archive/tar-writer.js";
import { openZip } from "../../../../frontends/linkshare/archive/zip-reader.js";
import { streamZip } from "../../../../frontends/linkshare/archive/zip-writer.js";
import { bytesOf, countingSource, each, endlessEntry, entryOf, when } from "./entries.js";

const writers = { zip: streamZip, "tar.gz": streamTarGz } as const;

const samples = [
  entryOf("a.txt", "hello ".repeat(5000)),
  entryOf("empty", ""),
  entryOf("dir/pic.jpg", Buffer.alloc(70_000, 7)),
  entryOf("dir/sub/", ""),
  entryOf("naïve 文件.txt", "ü"),
  entryOf(`${"long/".repeat(60)}name.txt`, "deep"),
];

async function unzip(zip: Uint8Array): Promise<Map<string, string>> {
  const archive = await openZip(countingSource(zip));
  const files = new Map<string, string>();
  for (const { name } of archive.entries) {
    files.set(name, name.endsWith("/") ? "" : (await bytesOf(archive.open(name)!.stream)).toString("latin1"));
  }
  return files;
}

async function untar(bytes: Uint8Array): Promise<{ files: Map<string, string>; headers: Header[] }> {
  const files = new Map<string, string>();
  const headers: Header[] = [];
  const reader = extract();
  Readable.from([gunzipSync(bytes)]).pipe(reader);
  for await (const entry of reader) {
    headers.push(entry.header);
    files.set(entry.header.name, (await bytesOf(entry as AsyncIterable<Uint8Array>)).toString("latin1"));
  }
  return { files, headers };
}

async function expected(): Promise<[string, string][]> {
  return Promise.all(
    samples.map(async ({ name, open }) => [name, (await bytesOf(open())).toString("latin1")] as const),
  ) as Promise<[string, string][]>;
}

test("a zip has all entries with their bytes and times", async (t) => {
  const zip = await bytesOf(streamZip(each(samples)));
  t.deepEqual([...(await unzip(zip))], await expected());
  const archive = await openZip(countingSource(zip));
  t.true(archive.entries.every(({ modified }) => modified.getTime() === when.getTime()));
  // Text is deflated, a picture is not.
  const [text, , picture] = archive.entries;
  t.true(text!.compressedSize < text!.size / 10);
  t.is(picture!.compressedSize, picture!.size);
});

test("a zip deflates what becomes smaller by it", async (t) => {
  const files = [
    entryOf("noise.txt", randomBytes(100_000)),
    entryOf("short", "short"),
    entryOf("zeros", Buffer.alloc(99_999)),
  ];
  const { entries } = await openZip(countingSource(await bytesOf(streamZip(each(files)))));
  t.deepEqual(
    entries.map(({ size, compressedSize }) => Math.sign(compressedSize - size)),
    [0, 1, -1],
  );
});

test("a tar.gz has all entries with their bytes, times and modes", async (t) => {
  const { files, headers } = await untar(await bytesOf(streamTarGz(each(samples))));
  t.deepEqual([...files], await expected());
  t.true(headers.every(({ mtime }) => mtime!.getTime() === when.getTime()));
  t.deepEqual(
    [...new Set(headers.map(({ type, mode }) => `${type} ${mode!.toString(8)}`))],
    ["file 600", "directory 700"],
  );
});

test("archives of nothing are archives", async (t) => {
  t.is((await openZip(countingSource(await bytesOf(streamZip(each([])))))).entries.length, 0);
  t.is((await untar(await bytesOf(streamTarGz(each([]))))).files.size, 0);
});

test("a zip tells that it was cut after its most entries", async (t) => {
  const many = Array.from({ length: 5 }, (_, index) => entryOf(`${index}`, `${index}`));
  const files = await unzip(await bytesOf(streamZip(each(many), { maxEntries: 3 })));
  t.deepEqual([...files.keys()], ["0", "1", "2", "TRUNCATED.txt"]);
  t.regex(files.get("TRUNCATED.txt")!, /first 3 files/);
  const all = await unzip(await bytesOf(streamZip(each(many), { maxEntries: 5 })));
  t.is(all.size, 5);
});

test("times that formats cannot say do not break them", async (t) => {
  const odd = ["0001-01-01", "1969-12-31", "2107-12-31", "+275760-09-13", "nonsense"].map((text, index) => ({
    ...entryOf(`${index}.txt`, "x"),
    modified: new Date(text),
  }));
  t.is((await unzip(await bytesOf(streamZip(each(odd))))).size, 5);
  const sane = odd.filter(({ modified }) => modified.getTime() > 0);
  t.is((await untar(await bytesOf(streamTarGz(each(sane))))).files.size, sane.length);
  await t.notThrowsAsync(bytesOf(streamTarGz(each(odd))));
});

for (const [kind, stream] of Object.entries(writers)) {
  test(`${kind}: one entry is open at a time, and nothing is read ahead of the reader`, async (t) => {
    const { seen, entries } = endlessEntry();
    const reader = stream(entries())[Symbol.asyncIterator]();
    await reader.next();
    await reader.next();
    for (let index = 0; index < 200; index++) await turn();
    t.is(seen.opened, 1);
    // gzip takes in a lot of zeros for each block it gives.
    t.true(seen.given < (kind === "zip" ? 2 : 64) << 20, `${seen.given} bytes were read for a reader that waits`);
    await reader.return!(undefined);
    t.is(seen.closed, 1);
    t.true(seen.listClosed);
  });

  test(`${kind}: an abort ends it with canceled and closes the source`, async (t) => {
    const { seen, entries } = endlessEntry();
    const controller = new AbortController();
    const error = await t.throwsAsync(
      async () => {
        for await (const _ of stream(entries(), { signal: controller.signal })) controller.abort();
      },
      { instanceOf: PosternError },
    );
    t.is((error as PosternError).code, "canceled");
    t.is(seen.closed, 1);
    t.true(seen.listClosed);
    await t.throwsAsync(bytesOf(stream(entries(), { signal: AbortSignal.abort() })));
  });

  test(`${kind}: an error of an entry or of the list is the reader's`, async (t) => {
    const broken: ArchiveEntry = {
      ...entryOf("b.txt", "12345"),
      async *open() {
        yield Buffer.from("12");
        throw new Error("node is gone");
      },
    };
    await t.throwsAsync(bytesOf(stream(each([entryOf("a", "a"), broken, entryOf("c", "c")]))), {
      message: "node is gone",
    });
    const failing = async function* () {
      yield entryOf("a", "a");
      throw new Error("list is gone");
    };
    await t.throwsAsync(bytesOf(stream(failing())), { message: "list is gone" });
  });

  test(`${kind}: an entry of another size than it says is an error`, async (t) => {
    for (const size of [4, 6]) {
      const error = await t.throwsAsync(bytesOf(stream(each([{ ...entryOf("a.txt", "12345"), size }]))));
      t.is((error as PosternError).code, "corrupt-data");
    }
  });
}

test("names are made safe, and stay what they are when they are", (t) => {
  for (const name of ["a", "a/b.txt", "a b/ü", "...", "..a/b..", "a/", ".hidden"]) t.is(safeEntryName(name), name);
  const changed = [
    "../x",
    "/etc/passwd",
    "a/../../b",
    "a\\..\\b",
    "C:/x",
    "c:x",
    "a//b",
    "",
    "/",
    "..",
    "a/./b",
    "a\0b",
    "x\n",
  ];
  const safe = changed.map(safeEntryName);
  t.is(new Set(safe).size, safe.length);
  for (const name of safe) assertSafe(t.true.bind(t), name);
  t.regex(safeEntryName("../a.txt"), /^_\/a-[0-9a-f]{8}\.txt$/);
});

test("no name gets out of the folder, whatever the keys are", async (t) => {
  const part = fc.oneof(
    fc.constantFrom("..", ".", "", "C:", "\\", "a\\..", "\0", "a"),
    fc.string({ unit: "binary", maxLength: 6 }),
  );
  const keys = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join("/"));
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(keys, { maxLength: 8 }), async (names) => {
      for (const name of names) assertSafe(t.true.bind(t), safeEntryName(name));
      const zip = await bytesOf(streamZip(each(names.map((name) => entryOf(name, "x")))));
      const tar = await untar(await bytesOf(streamTarGz(each(names.map((name) => entryOf(name, "x"))))));
      for (const name of tar.files.keys()) assertSafe(t.true.bind(t), name);
      return zip.length > 0;
    }),
    { numRuns: 60 },
  );
});

function assertSafe(isTrue: (value: boolean, message: string) => unknown, name: string): void {
  const shown = JSON.stringify(name);
  isTrue(name !== "" && !name.startsWith("/") && !/^[a-zA-Z]:/.test(name), shown);
  isTrue(!/[\\\u0000-\u001f]/.test(name), shown);
  isTrue(
    name
      .replace(/\/$/, "")
      .split("/")
      .every((part) => part !== "" && part !== "." && part !== ".."),
    shown,
  );
}
