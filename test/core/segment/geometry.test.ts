import test from "ava";
import { stripesOf } from "../../../core/segment/geometry.js";

const aes = { cipherSuite: 2, encryptedBlockSize: 7424 };

test("stripes of a range are those that hold its cipher blocks", (t) => {
  const dev = { ...aes, required: 4, shareSize: 256 }; // stripes of 1024
  t.deepEqual(stripesOf({ start: 0, end: 1 }, dev), { firstStripe: 0, endStripe: 8, skip: 0 });
  t.deepEqual(stripesOf({ start: 7407, end: 7408 }, dev), { firstStripe: 0, endStripe: 8, skip: 7407 });
  t.deepEqual(stripesOf({ start: 7408, end: 7409 }, dev), { firstStripe: 7, endStripe: 15, skip: 0 });
  t.deepEqual(stripesOf({ start: 0, end: 67108864 }, dev), { firstStripe: 0, endStripe: 65678, skip: 0 });
  const release = { ...aes, required: 29, shareSize: 256 }; // stripes of one block
  t.deepEqual(stripesOf({ start: 7408, end: 7409 }, release), { firstStripe: 1, endStripe: 2, skip: 0 });
  t.deepEqual(stripesOf({ start: 1, end: 7404 }, release), { firstStripe: 0, endStripe: 1, skip: 1 });
});

test("stripes larger than blocks give blocks before the range", (t) => {
  const wide = { ...aes, required: 80, shareSize: 256 }; // stripes of 20480: 2.76 blocks
  t.deepEqual(stripesOf({ start: 7408, end: 7409 }, wide), { firstStripe: 0, endStripe: 1, skip: 7408 });
  // Block 5 starts in stripe 1, which begins within block 2: the decoder gives blocks from 3 on.
  t.deepEqual(stripesOf({ start: 5 * 7408 + 3, end: 5 * 7408 + 4 }, wide), {
    firstStripe: 1,
    endStripe: 3,
    skip: 2 * 7408 + 3,
  });
});

test("the null cipher has blocks of one byte", (t) => {
  const plain = { cipherSuite: 1, encryptedBlockSize: 7424, required: 4, shareSize: 256 };
  t.deepEqual(stripesOf({ start: 1025, end: 2049 }, plain), { firstStripe: 1, endStripe: 3, skip: 1 });
});
