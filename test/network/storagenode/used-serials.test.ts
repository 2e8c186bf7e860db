import test from "ava";
import { createUsedSerials } from "../../../network/storagenode/used-serials.js";

const satellite = new Uint8Array(32).fill(1);

function serialOf(n: number): Uint8Array {
  const serial = new Uint8Array(16);
  new DataView(serial.buffer).setUint32(12, n);
  return serial;
}

test("once for each satellite", (t) => {
  const serials = createUsedSerials(10, () => 0);
  t.true(serials.add(satellite, serialOf(1), 1000));
  t.false(serials.add(satellite, serialOf(1), 1000));
  t.true(serials.add(new Uint8Array(32).fill(2), serialOf(1), 1000));
  t.is(serials.count, 2);
});

test("forgotten some time after they have no more use", (t) => {
  let now = 0;
  const serials = createUsedSerials(10, () => now);
  serials.add(satellite, serialOf(1), 1000);
  now = 1000;
  t.false(serials.add(satellite, serialOf(1), 1000));
  now = 3_600_000;
  serials.add(satellite, serialOf(2), 7_200_000);
  t.is(serials.count, 1);
});

test("the next to be forgotten go first when there are too many", (t) => {
  const serials = createUsedSerials(2, () => 0);
  serials.add(satellite, serialOf(1), 7_200_000);
  serials.add(satellite, serialOf(2), 3_600_000);
  serials.add(satellite, serialOf(3), 7_200_000);
  t.is(serials.count, 2);
  t.false(serials.add(satellite, serialOf(1), 7_200_000));
  t.false(serials.add(satellite, serialOf(3), 7_200_000));
  t.true(serials.add(satellite, serialOf(2), 3_600_000));
  t.is(serials.count, 2);
});
