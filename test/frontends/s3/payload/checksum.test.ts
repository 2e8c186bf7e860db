import test from "ava";
import { type ChecksumAlgorithm, checksumSize, createChecksum } from "../../../../frontends/s3/payload/checksum.js";

/** Check values for "123456789" of the catalogue of CRC algorithms and of FIPS 180. */
const known: Readonly<Record<ChecksumAlgorithm, string>> = {
  CRC32: "cbf43926",
  CRC32C: "e3069283",
  CRC64NVME: "ae8b14860a799888",
  SHA1: "f7c3bc1d808e04732adf679965ccc34ca7ae3441",
  SHA256: "15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225",
};

for (const [name, expected] of Object.entries(known)) {
  const algorithm = name as ChecksumAlgorithm;
  test(`${name}, whole, in pieces and again`, async (t) => {
    for (const pieces of [["123456789"], ["1234", "", "56789"], ["123456789"]]) {
      const checksum = await createChecksum(algorithm);
      for (const piece of pieces) checksum.update(Buffer.from(piece));
      const value = await checksum.digest();
      t.is(value.toString("hex"), expected);
      t.is(value.length, checksumSize[algorithm]);
    }
  });
}

test("two at a time do not meet", async (t) => {
  const one = await createChecksum("CRC32C");
  const two = await createChecksum("CRC32C");
  one.update(Buffer.from("12345"));
  two.update(Buffer.from("something else"));
  one.update(Buffer.from("6789"));
  await two.digest();
  t.is((await one.digest()).toString("hex"), known.CRC32C);
});
