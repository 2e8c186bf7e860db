import test from "ava";
import fc from "fast-check";
import { decodeBase32, encodeBase32 } from "../../../core/bytes/base32.js";
import {
  compareBytes,
  concatBytes,
  equalBytes,
  fromHex,
  startsWithBytes,
  timingSafeEqualBytes,
  toHex,
  utf8,
  utf8Text,
} from "../../../core/bytes/bytes.js";
import {
  compareTimestamps,
  goZeroSeconds,
  isZeroTime,
  millisOfTimestamp,
  timestampOfMillis,
} from "../../../core/bytes/timestamp.js";

// RFC 4648 section 10, without the padding.
const base32 = { "": "", f: "MY", fo: "MZXQ", foo: "MZXW6", foob: "MZXW6YQ", fooba: "MZXW6YTB", foobar: "MZXW6YTBOI" };

test("base32: the RFC's examples", (t) => {
  for (const [plain, text] of Object.entries(base32)) {
    t.is(encodeBase32(utf8(plain)), text);
    t.deepEqual(decodeBase32(text), utf8(plain));
    t.deepEqual(decodeBase32(text.toLowerCase()), utf8(plain));
  }
});

test("base32: spare bits are ignored, other characters and lengths refused", (t) => {
  t.deepEqual(decodeBase32("MZ"), utf8("f"));
  for (const text of ["M", "MZX", "MZXW6Y", "MY======", "M1", "MZ\n", "ÄÄ"]) {
    t.throws(() => decodeBase32(text), { code: "invalid-argument" }, text);
  }
});

test("base32: any bytes come back", (t) => {
  fc.assert(fc.property(fc.uint8Array(), (bytes) => t.deepEqual(decodeBase32(encodeBase32(bytes)), bytes)));
});

test("hex: both cases, nothing else", (t) => {
  t.is(toHex(Uint8Array.of(0, 0xab, 0xff).subarray(1)), "abff");
  t.deepEqual(fromHex("00aBfF"), Uint8Array.of(0, 0xab, 0xff));
  for (const text of ["0", "0g", "0x00", " 00"]) t.throws(() => fromHex(text), { code: "invalid-argument" }, text);
});

test("comparisons", (t) => {
  const ab = Uint8Array.of(1, 2);
  t.true(compareBytes(ab, Uint8Array.of(1, 2, 0)) < 0);
  t.true(compareBytes(Uint8Array.of(255), ab) > 0);
  for (const equal of [equalBytes, timingSafeEqualBytes]) {
    t.true(equal(ab, concatBytes(Uint8Array.of(1), Uint8Array.of(2))));
    t.false(equal(ab, Uint8Array.of(1, 3)));
    t.false(equal(ab, Uint8Array.of(1)));
  }
  t.true(startsWithBytes(ab, Uint8Array.of(1)));
  t.true(startsWithBytes(ab, Uint8Array.of()));
  t.false(startsWithBytes(ab, Uint8Array.of(2)));
  t.false(startsWithBytes(ab, Uint8Array.of(1, 2, 3)));
});

test("utf8: a leading byte order mark stays", (t) => {
  t.is(utf8Text(utf8("\ufeffkey é")), "\ufeffkey é");
});

test("timestamps: year 1 and absent are zero, 1970 is not", (t) => {
  t.true(isZeroTime(undefined));
  t.true(isZeroTime({ seconds: goZeroSeconds, nanos: 0 }));
  t.false(isZeroTime({ seconds: 0, nanos: 0 }));
  t.is(goZeroSeconds * 1000, Date.parse("0001-01-01T00:00:00Z"));
  t.is(millisOfTimestamp({ seconds: goZeroSeconds, nanos: 0 }), undefined);
  t.is(millisOfTimestamp({ seconds: 0, nanos: 0 }), 0);
  t.is(millisOfTimestamp({ seconds: 1, nanos: 1_999_999 }), 1001);
  t.deepEqual(timestampOfMillis(-1), { seconds: -1, nanos: 999_000_000 });
  t.deepEqual(timestampOfMillis(1_893_553_445_678), { seconds: 1_893_553_445, nanos: 678_000_000 });
  t.true(compareTimestamps({ seconds: -1, nanos: 999_999_999 }, { seconds: 0, nanos: 0 }) < 0);
  t.true(compareTimestamps({ seconds: 5, nanos: 2 }, { seconds: 5, nanos: 1 }) > 0);
  t.is(compareTimestamps({ seconds: 5, nanos: 2 }, { seconds: 5, nanos: 2 }), 0);
});
