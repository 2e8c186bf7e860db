import test from "ava";
import sharp from "sharp";
import type { PosternError } from "../../../../core/index.js";
import { createQueue } from "../../../../frontends/linkshare/thumbnails/queue.js";
import { createThumbnails } from "../../../../frontends/linkshare/thumbnails/thumbnails.js";
import { deferred } from "../../../helpers/deferred.js";

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += 4096) yield bytes.subarray(at, at + 4096);
}

function picture(width: number, height: number) {
  return sharp({ create: { width, height, channels: 3, background: { r: 200, g: 60, b: 10 } } });
}

test("images become small WebP pictures without metadata, turned as cameras say", async (t) => {
  const thumbnails = createThumbnails();
  const images = {
    jpeg: await picture(1600, 900)
      .withExif({ IFD0: { Copyright: "secret place" } })
      .jpeg()
      .toBuffer(),
    png: await picture(300, 900).png().toBuffer(),
    webp: await picture(900, 900).webp().toBuffer(),
    gif: await picture(640, 480).gif().toBuffer(),
    avif: await picture(640, 480).avif({ effort: 0 }).toBuffer(),
  };
  for (const [name, bytes] of Object.entries(images)) {
    const made = await thumbnails.thumbnail(name, () => once(bytes));
    t.is(made?.type, "image/webp", name);
    t.false(Buffer.from(made!.body).includes("secret place"));
    // WebP: "RIFF", size, "WEBP".
    t.is(Buffer.from(made!.body.subarray(8, 12)).toString(), "WEBP");
    t.true(made!.body.length < 10_000);
  }
});

test("what is no image, or none for strangers, is no thumbnail", async (t) => {
  const thumbnails = createThumbnails({ maxPixels: 1_000_000, maxInputBytes: 50_000 });
  const good = await picture(640, 480).jpeg().toBuffer();
  const bad = {
    nothing: Buffer.alloc(0),
    text: Buffer.from("hello"),
    svg: Buffer.from(
      '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10"/></svg>',
    ),
    pdf: Buffer.from("%PDF-1.4\n"),
    half: good.subarray(0, 700),
    tiff: await picture(64, 64).tiff().toBuffer(),
    "too many pixels": await picture(2000, 2000).png().toBuffer(),
    "too many pixels for WebP": await picture(800, 600).webp().toBuffer(),
    "too many pixels for a progressive JPEG": await picture(800, 600).jpeg({ progressive: true }).toBuffer(),
    "too many bytes": Buffer.concat([good, Buffer.alloc(60_000)]),
  };
  for (const [name, bytes] of Object.entries(bad)) {
    t.is(await thumbnails.thumbnail(name, () => once(bytes)), undefined, name);
  }
  t.truthy(await thumbnails.thumbnail("good", () => once(good)));
});

test("an image too long is not read to its end", async (t) => {
  let given = 0;
  let closed = false;
  const thumbnails = createThumbnails({ maxInputBytes: 10_000 });
  async function* endless(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for (;;) {
        given += 1000;
        yield Buffer.alloc(1000);
      }
    } finally {
      closed = true;
    }
  }
  t.is(await thumbnails.thumbnail("long", endless), undefined);
  t.true(given <= 11_000);
  t.true(closed);
});

test("one is made for all who ask, then kept, also that there is none", async (t) => {
  const thumbnails = createThumbnails();
  const bytes = await picture(800, 600).jpeg().toBuffer();
  let opened = 0;
  const open = () => {
    opened++;
    return once(bytes);
  };
  const all = await Promise.all([1, 2, 3].map(() => thumbnails.thumbnail("a", open)));
  t.is(opened, 1);
  t.is(new Set(all).size, 1);
  await thumbnails.thumbnail("a", open);
  t.is(opened, 1);
  const none = () => {
    opened++;
    return once(Buffer.from("no image"));
  };
  await thumbnails.thumbnail("b", none);
  await thumbnails.thumbnail("b", none);
  t.is(opened, 2);
});

test("what is kept is bounded in bytes", async (t) => {
  const thumbnails = createThumbnails({ maxCacheBytes: 4_000 });
  const bytes = await picture(800, 600).jpeg().toBuffer();
  let opened = 0;
  const ask = (id: string) =>
    thumbnails.thumbnail(id, () => {
      opened++;
      return once(bytes);
    });
  for (let index = 0; index < 12; index++) await ask(`${index}`);
  await ask("0");
  t.is(opened, 13);
  await ask("0");
  t.is(opened, 13);
});

test("errors of the source are the caller's and are not kept", async (t) => {
  const thumbnails = createThumbnails();
  // biome-ignore lint/correctness/useYield: it fails before it gives anything
  async function* broken(): AsyncGenerator<Uint8Array, void, undefined> {
    throw new Error("node is gone");
  }
  await t.throwsAsync(thumbnails.thumbnail("a", broken), { message: "node is gone" });
  const bytes = await picture(80, 60).jpeg().toBuffer();
  t.truthy(await thumbnails.thumbnail("a", () => once(bytes)));
});

test("work ends when the last who waits leaves, not before", async (t) => {
  const thumbnails = createThumbnails();
  const bytes = await picture(80, 60).jpeg().toBuffer();
  const gate = deferred<void>();
  let seen: AbortSignal | undefined;
  async function* slow(signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    seen = signal;
    await gate.promise;
    yield bytes;
  }
  const first = new AbortController();
  const second = new AbortController();
  const one = thumbnails.thumbnail("a", slow, first.signal);
  const two = thumbnails.thumbnail("a", slow, second.signal);
  first.abort();
  await t.throwsAsync(one, { message: /nobody waits/ });
  t.false(seen!.aborted);
  second.abort();
  await t.throwsAsync(two, { message: /nobody waits/ });
  t.true(seen!.aborted);
  gate.resolve();
  t.truthy(await thumbnails.thumbnail("a", () => once(bytes)));
  thumbnails.close();
  await t.throwsAsync(thumbnails.thumbnail("a", () => once(bytes)));
});

test("the queue runs so many at a time, lets so many wait, and forgets who left", async (t) => {
  const queue = createQueue(1, 1);
  const { signal } = new AbortController();
  const gate = deferred<void>();
  const order: string[] = [];
  const first = queue.run(signal, async () => {
    order.push("first");
    await gate.promise;
  });
  const leaving = new AbortController();
  const left = queue.run(leaving.signal, async () => void order.push("left"));
  const error = await t.throwsAsync(queue.run(signal, async () => undefined));
  t.is((error as PosternError).code, "too-many-requests");
  leaving.abort();
  await t.throwsAsync(left);
  const second = queue.run(signal, async () => void order.push("second"));
  t.deepEqual(order, ["first"]);
  gate.resolve();
  await Promise.all([first, second]);
  t.deepEqual(order, ["first", "second"]);
  await t.throwsAsync(queue.run(AbortSignal.abort(), async () => undefined));
});
