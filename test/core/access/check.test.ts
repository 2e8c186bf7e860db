import test from "ava";
import fc from "fast-check";
import { newApiKey, parseApiKeyBytes } from "../../../core/access/api-key.js";
import { type CaveatInit, decodeCaveat, encodeCaveat, expiryOf, restrictApiKey } from "../../../core/access/caveat.js";
import { Action, allowedBuckets, checkApiKey, maxObjectTtl } from "../../../core/access/check.js";
import { addCaveat } from "../../../core/access/macaroon.js";
import { fromHex, toHex, utf8 } from "../../../core/bytes/bytes.js";
import { goZeroSeconds, type Timestamp } from "../../../core/bytes/timestamp.js";
import { PosternError } from "../../../core/errors.js";
import { type CaveatVector, caveatOfVector, vectorOfCaveat } from "../../helpers/caveat-vector.js";
import { pattern, readVectors } from "../../helpers/vectors.js";

const vectors = readVectors<{
  caveats: { name: string; caveat: CaveatVector; bytes: string; decoded: CaveatVector }[];
  checks: {
    name: string;
    key: string;
    secret: string;
    version: number;
    op: number;
    opName: string;
    bucket: string;
    encryptedPath: string;
    time?: Timestamp;
    revokedTails?: string[];
    result: string;
  }[];
  allowedBuckets: { key: string; all: boolean; buckets: string[] | null; error: string | null }[];
  maxObjectTtl: { key: string; maxObjectTtlNanos: string | null }[];
}>("macaroon");

test("caveats: encoded as Go does, and decoded", (t) => {
  for (const { name, caveat, bytes, decoded } of vectors.caveats) {
    t.is(toHex(encodeCaveat(caveatOfVector(caveat))), bytes, name);
    t.deepEqual(vectorOfCaveat(decodeCaveat(fromHex(bytes))), vectorOfCaveat(caveatOfVector(decoded)), name);
  }
});

test("checks", async (t) => {
  for (const c of vectors.checks) {
    const result = await checkApiKey(
      parseApiKeyBytes(fromHex(c.key)),
      fromHex(c.secret),
      c.version,
      { op: c.op, bucket: fromHex(c.bucket), encryptedPath: fromHex(c.encryptedPath), time: c.time },
      c.revokedTails && ((tails) => tails.some((tail) => c.revokedTails!.includes(toHex(tail)))),
    );
    t.is(result, c.result as typeof result, `${c.name} ${c.opName}`);
  }
});

test("the time of an action may be a Date or milliseconds", async (t) => {
  const secret = pattern("secret", 32);
  const key = restrictApiKey(newApiKey(secret), { notAfter: { seconds: 100, nanos: 0 } });
  for (const [ms, result] of [
    [100_000, "ok"],
    [100_001, "unauthorized"],
  ] as const) {
    t.is(await checkApiKey(key, secret, 0, { op: Action.List, time: ms }), result);
    t.is(await checkApiKey(key, secret, 0, { op: Action.List, time: new Date(ms) }), result);
  }
  t.is(await checkApiKey(key, secret, 0, { op: Action.List, time: { seconds: goZeroSeconds, nanos: 0 } }), "error");
});

test("a failing revocation check is not taken for an answer", async (t) => {
  const secret = pattern("secret", 32);
  const check = checkApiKey(newApiKey(secret), secret, 0, { op: Action.Read, time: 1 }, () => {
    throw new PosternError("unavailable", "no database");
  });
  await t.throwsAsync(check, { code: "unavailable" });
});

test("allowedBuckets", (t) => {
  const time = { seconds: Date.parse("2030-01-02T03:04:05Z") / 1000, nanos: 678_900_000 };
  for (const { key, all, buckets } of vectors.allowedBuckets) {
    const allowed = allowedBuckets(parseApiKeyBytes(fromHex(key)), { op: Action.Read, time });
    t.is(allowed?.all, all);
    t.deepEqual(allowed?.buckets.map(toHex), [...(buckets ?? [])].sort());
  }
  const key = restrictApiKey(newApiKey(pattern("secret", 32)), { notAfter: { seconds: 1, nanos: 0 } });
  t.is(allowedBuckets(key, { op: Action.Read, time }), undefined);
});

test("maxObjectTtl", (t) => {
  for (const { key, maxObjectTtlNanos } of vectors.maxObjectTtl) {
    const ttl = maxObjectTtl(parseApiKeyBytes(fromHex(key)));
    t.is(ttl, maxObjectTtlNanos === null ? undefined : BigInt(maxObjectTtlNanos));
  }
  const key = newApiKey(pattern("secret", 32));
  const ttlOf = (seconds: number) => maxObjectTtl(restrictApiKey(key, { maxObjectTtl: { seconds, nanos: 0 } }));
  t.is(ttlOf(10_000_000_000), 2n ** 63n - 1n);
  t.is(ttlOf(-10_000_000_000), -(2n ** 63n));
});

test("expiryOf: the earliest not_after", (t) => {
  const key = newApiKey(pattern("secret", 32));
  const until = (seconds: number, nanos: number): CaveatInit => ({ notAfter: { seconds, nanos } });
  t.is(expiryOf(key), undefined);
  t.is(expiryOf(restrictApiKey(key, { notBefore: { seconds: 1, nanos: 0 } })), undefined);
  t.is(expiryOf(restrictApiKey(restrictApiKey(key, until(20, 1)), until(10, 5_999_999))), 10_005);
  t.is(expiryOf(restrictApiKey(restrictApiKey(key, until(10, 0)), until(20, 0))), 10_000);
  // Year 1 is never written, but whoever does write it has made a key that expired long ago.
  const yearOne = fromHex("a2010b088092b8c398feffffff01");
  t.is(expiryOf(addCaveat(key, yearOne)), goZeroSeconds * 1000);
  t.is(expiryOf(addCaveat(key, fromHex("a201021001"))), 0);
});

test("equal restrictions differ by their nonce", (t) => {
  const key = newApiKey(pattern("secret", 32));
  const [a, b] = [restrictApiKey(key, {}), restrictApiKey(key, {})];
  t.is(decodeCaveat(a.caveats[0]!).nonce.length, 4);
  t.notDeepEqual(a.tail, b.tail);
});

const refused = { code: "invalid-argument" };

test("what Go refuses to decode is no caveat", (t) => {
  const bad = {
    "truncated tag": "80",
    "flag without a value": "08",
    "flag as bytes": "0a0101",
    "paths as varint": "5001",
    "path cut off": "52080a06627563",
    "bucket longer than its path": "52030a0562756b6b65f20101",
    "bucket as varint": "52020801",
    "time as varint": "a00105",
    "seconds as bytes": "a201020a00",
    "field 0": "0001",
    "group that does not end": "9b06",
    "end of a group that never began": "9c06",
    "groups that cross": "9b06a3069c06a406",
    "varint of eleven bytes": "0880808080808080808080808001",
    "varint of more than 64 bits": "0880808080808080808002",
    "unknown wire type": "0f",
    "seconds beyond 2^53": "a2010a08ffffffffffffffff7f",
    "unknown field cut off": "c20605aa",
  };
  for (const [why, hex] of Object.entries(bad)) t.throws(() => decodeCaveat(fromHex(hex)), refused, why);
  t.throws(() => decodeCaveat(fromHex("9b06".repeat(100_000))), refused);
});

test("unknown fields are skipped", (t) => {
  const groups = "9b06a3060801a4069c06";
  const caveat = decodeCaveat(fromHex(`c0060aa506${"00".repeat(4)}a106${"00".repeat(8)}c206020102${groups}0801`));
  t.true(caveat.disallowReads);
  t.false(caveat.disallowWrites);
});

test("hostile bytes: a caveat or a PosternError", (t) => {
  const valid = vectors.caveats.map(({ bytes }) => fromHex(bytes)).filter((bytes) => bytes.length > 0);
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc.tuple(fc.constantFrom(...valid), fc.nat(), fc.nat(255)).map(([bytes, at, byte]) => {
      const copy = bytes.slice();
      copy[at % copy.length] = byte;
      return copy;
    }),
  );
  fc.assert(
    fc.property(anything, (bytes) => {
      try {
        decodeCaveat(bytes);
      } catch (error) {
        t.true(error instanceof PosternError && error.code === "invalid-argument");
      }
    }),
    { numRuns: 1000 },
  );
  const key = addCaveat(newApiKey(pattern("secret", 32)), fromHex("0a0101"));
  for (const read of [expiryOf, maxObjectTtl]) t.throws(() => read(key), refused);
  t.throws(() => allowedBuckets(key, { op: Action.Read, bucket: utf8("b"), time: 1 }), refused);
});
