import test from "ava";
import fc from "fast-check";
import { combineCrc } from "../../../frontends/s3/checksums/crc-combine.js";
import { cipherOf, sealWith } from "../../../frontends/s3/encryption/customer-cipher.js";
import { createChecksum } from "../../../frontends/s3/payload/checksum.js";
import { layoutKey, layoutOf, layoutText } from "../../../frontends/s3/uploads/part-layout.js";

async function crc(algorithm: "CRC32" | "CRC32C" | "CRC64NVME", data: Uint8Array): Promise<Buffer> {
  const digest = await createChecksum(algorithm);
  digest.update(data);
  return digest.digest();
}

test("CRCs of pieces make that of the whole", async (t) => {
  for (const algorithm of ["CRC32", "CRC32C", "CRC64NVME"] as const) {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ maxLength: 300 }), async (a, b) => {
        const whole = await crc(algorithm, Buffer.concat([a, b]));
        return combineCrc(algorithm, await crc(algorithm, a), await crc(algorithm, b), b.length).equals(whole);
      }),
      { numRuns: 40 },
    );
  }
  t.pass();
});

test("layouts of parts are kept in runs", (t) => {
  const size = fc.constantFrom(5, 7);
  fc.assert(
    fc.property(fc.array(size, { minLength: 1, maxLength: 30 }), (sizes) => {
      const parts = sizes.map((each, index) => ({ partNumber: index + 1, size: each }));
      const text = layoutText(parts);
      if (text === undefined) return true;
      return JSON.stringify(layoutOf({ [layoutKey]: text })) === JSON.stringify(parts);
    }),
  );
  t.is(layoutText([1, 2, 3].map((partNumber) => ({ partNumber, size: 9 }))), "1:9*3");
  for (const wrong of ["", "1:2", "1:2*99999", "x", "1:2*9999;1:2*9999"]) {
    t.is(layoutOf({ [layoutKey]: wrong }), undefined, wrong);
  }
});

async function* pieces(data: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

async function gather(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const out: Uint8Array[] = [];
  for await (const chunk of source) out.push(Buffer.from(chunk));
  return Buffer.concat(out);
}

test("data under a customer's key can be read from anywhere", async (t) => {
  const customer = { key: Buffer.alloc(32, 7), md5: "" };
  const custom = sealWith(customer);
  const cipher = cipherOf(custom, customer)!;
  const layout = [
    { partNumber: 1, size: 100 },
    { partNumber: 3, size: 33 },
    { partNumber: 4, size: 67 },
  ];
  const plain = Buffer.from(Array.from({ length: 200 }, (_, index) => index));
  const sealed: Buffer[] = [];
  let start = 0;
  for (const { partNumber, size } of layout) {
    sealed.push(await gather(cipher.encrypt(pieces(plain.subarray(start, start + size), 13), partNumber)));
    start += size;
  }
  const stored = Buffer.concat(sealed);
  t.false(stored.includes(plain.subarray(0, 20)));
  await fc.assert(
    fc.asyncProperty(fc.nat(199), fc.integer({ min: 1, max: 50 }), async (from, step) => {
      const read = await gather(cipher.decrypt(pieces(stored.subarray(from), step), from, layout));
      return read.equals(plain.subarray(from));
    }),
    { numRuns: 60 },
  );
  t.throws(() => cipherOf(custom, { key: Buffer.alloc(32, 8), md5: "" }));
  t.throws(() => cipherOf(custom, undefined));
  t.throws(() => cipherOf({}, customer));
});
