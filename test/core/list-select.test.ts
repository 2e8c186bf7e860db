import test from "ava";
import { compareBytes, utf8, utf8Text } from "../../core/bytes/bytes.js";
import { isAfter, mayHoldAfter, Smallest } from "../../core/list-select.js";

test("bounds after a key", (t) => {
  const bound = { afterKey: utf8("b/c") };
  t.false(isAfter(bound, utf8("b/c")));
  t.true(isAfter(bound, utf8("b/c0")));
  t.false(isAfter(bound, utf8("b/")));
  t.true(mayHoldAfter(bound, utf8("b/")));
  t.true(mayHoldAfter(bound, utf8("c/")));
  t.false(mayHoldAfter(bound, utf8("a/")));
});

test("bounds after all below a prefix", (t) => {
  const bound = { afterPrefix: utf8("b/c") };
  t.false(isAfter(bound, utf8("b/cz")));
  t.true(isAfter(bound, utf8("b/d")));
  t.true(mayHoldAfter(bound, utf8("b/")));
  t.false(mayHoldAfter(bound, utf8("b/c/")));
  t.false(mayHoldAfter(bound, utf8("a")));
});

test("keeps the smallest, whatever the order", (t) => {
  const values = Array.from({ length: 1000 }, (_, i) => utf8(String((i * 7919) % 1000).padStart(4, "0")));
  const smallest = new Smallest(5, compareBytes);
  for (const value of values) smallest.add(value);
  t.deepEqual(smallest.sorted().map(utf8Text), ["0000", "0001", "0002", "0003", "0004"]);
  t.true(smallest.dropped);
  const all = new Smallest(5, compareBytes);
  for (const value of values.slice(0, 5)) all.add(value);
  t.is(all.sorted().length, 5);
  t.false(all.dropped);
});
