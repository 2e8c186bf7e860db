import test from "ava";
import fc from "fast-check";
import { apiKeyText, newApiKey, parseApiKey, parseApiKeyBytes } from "../../../core/access/api-key.js";
import {
  addCaveat,
  newMacaroon,
  parseMacaroon,
  serializeMacaroon,
  tailsOf,
  validateMacaroon,
} from "../../../core/access/macaroon.js";
import { encodeBase58Check } from "../../../core/bytes/base58check.js";
import { fromHex, toHex } from "../../../core/bytes/bytes.js";
import { PosternError } from "../../../core/errors.js";
import { pattern, readVectors } from "../../helpers/vectors.js";

const vectors = readVectors<{
  macaroons: {
    name: string;
    secret: string;
    head: string;
    caveats: { bytes: string }[];
    tails: string[];
    tail: string;
    raw: string;
    apiKey: string;
  }[];
  parse: {
    why: string;
    raw: string;
    error: string | null;
    head?: string;
    caveats?: string[];
    tail?: string;
    reserialized?: string;
    validatesWithSecret?: boolean;
  }[];
}>("macaroon");

const { apiKeyStrings } = readVectors<{
  apiKeyStrings: { why: string; text: string; error: string | null; raw?: string }[];
}>("base58check");

const refused = { code: "invalid-argument" };

test("macaroons: built, serialised, parsed, validated", (t) => {
  for (const { name, secret, head, caveats, tails, tail, raw, apiKey } of vectors.macaroons) {
    let built = newMacaroon(fromHex(secret), fromHex(head));
    for (const { bytes } of caveats) built = addCaveat(built, fromHex(bytes));
    t.is(toHex(serializeMacaroon(built)), raw, name);
    t.is(toHex(built.tail), tail, name);
    t.deepEqual(tailsOf(built, fromHex(secret)).map(toHex), tails, name);
    t.is(apiKeyText(built), apiKey, name);

    for (const parsed of [parseMacaroon(fromHex(raw)), parseApiKey(apiKey), parseApiKeyBytes(fromHex(raw))]) {
      t.deepEqual(parsed, { ...built, head: fromHex(head) }, name);
      t.true(validateMacaroon(parsed, fromHex(secret)), name);
      t.false(validateMacaroon(parsed, fromHex(`${secret}ff`)), name);
      t.false(validateMacaroon({ ...parsed, caveats: [...parsed.caveats, new Uint8Array(0)] }, fromHex(secret)), name);
    }
  }
});

test("parse: what Go takes and what it refuses", (t) => {
  for (const { why, raw, error, head, caveats, tail, reserialized, validatesWithSecret } of vectors.parse) {
    if (error !== null) {
      t.throws(() => parseMacaroon(fromHex(raw)), refused, why);
      continue;
    }
    const parsed = parseMacaroon(fromHex(raw));
    t.is(toHex(parsed.head), head!, why);
    t.deepEqual(parsed.caveats.map(toHex), caveats!, why);
    t.is(toHex(parsed.tail), tail!, why);
    t.is(toHex(serializeMacaroon(parsed)), reserialized!, why);
    t.is(validateMacaroon(parsed, pattern("secret", 32)), validatesWithSecret!, why);
  }
});

test("apiKeyStrings of base58check.json", (t) => {
  for (const { why, text, error, raw } of apiKeyStrings) {
    if (error !== null) t.throws(() => parseApiKey(text), refused, why);
    else t.is(toHex(serializeMacaroon(parseApiKey(text))), raw!, why);
  }
});

test("fresh keys differ and validate", (t) => {
  const secret = pattern("secret", 32);
  const key = newApiKey(secret);
  t.is(key.head.length, 32);
  t.true(validateMacaroon(key, secret));
  t.notDeepEqual(newApiKey(secret).head, key.head);
});

test("a varint of ten bytes may be zero-padded, but not exceed 64 bits, as in Go", (t) => {
  const withLength = (varint: string) => fromHex(`0202${varint}aabb00000620${"41".repeat(32)}`);
  t.is(toHex(parseMacaroon(withLength("82808080808080808000")).head), "aabb");
  t.throws(() => parseMacaroon(withLength("82808080808080808002")), refused);
  t.throws(() => parseMacaroon(withLength("8280808080808080808000")), refused);
});

test("hostile bytes: a macaroon or a PosternError", (t) => {
  const valid = fromHex(vectors.macaroons.at(-1)!.raw);
  for (let length = 0; length < valid.length; length++)
    t.throws(() => parseMacaroon(valid.subarray(0, length)), refused);
  const mutated = fc.tuple(fc.nat(valid.length - 1), fc.uint8Array({ minLength: 1, maxLength: 12 }));
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 80 }).map((bytes) => Uint8Array.of(2, ...bytes)),
    mutated.map(([at, bytes]) => {
      const copy = valid.slice();
      copy.set(bytes.subarray(0, copy.length - at), at);
      return copy;
    }),
  );
  fc.assert(
    fc.property(anything, (bytes) => {
      try {
        const parsed = parseMacaroon(bytes);
        t.deepEqual(parseMacaroon(serializeMacaroon(parsed)), parsed);
      } catch (error) {
        t.true(error instanceof PosternError && error.code === "invalid-argument");
      }
    }),
    { numRuns: 500 },
  );
});

test("errors do not repeat the key", (t) => {
  const text = apiKeyText(newApiKey(pattern("secret", 32)));
  for (const bad of [`${text}x`, text.slice(1), encodeBase58Check(fromHex("0102"), 1)]) {
    const error = t.throws(() => parseApiKey(bad));
    t.false(`${error?.message} ${error?.stack}`.includes(bad.slice(2, 12)));
  }
});
