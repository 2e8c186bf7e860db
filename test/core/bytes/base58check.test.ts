import test from "ava";
import fc from "fast-check";
import { maxBase58Length } from "../../../core/bytes/base58.js";
import { decodeBase58, decodeBase58Check, encodeBase58, encodeBase58Check } from "../../../core/bytes/base58check.js";
import { fromHex, toHex } from "../../../core/bytes/bytes.js";
import { readVectors } from "../../helpers/vectors.js";

const vectors = readVectors<{
  raw: { bytes: string; text: string }[];
  rawDecode: { bytes: string; text: string }[];
  check: { payload: string; version: number; text: string }[];
  checkInvalid: { why: string; text: string; class?: "format" | "checksum"; payload?: string; version?: number }[];
  nodeIds: { bytes: string; text: string; version: number }[];
  nodeIdsInvalid: { text: string; bytes?: string }[];
}>("base58check");

test("raw: encodes and decodes", (t) => {
  for (const { bytes, text } of vectors.raw) {
    t.is(encodeBase58(fromHex(bytes)), text);
    t.is(toHex(decodeBase58(text)), bytes);
  }
});

test("rawDecode: refuses what Go answers with nothing", (t) => {
  for (const { bytes, text } of vectors.rawDecode) {
    if (bytes === "" && text !== "") t.throws(() => decodeBase58(text), { code: "invalid-argument" }, text);
    else t.is(toHex(decodeBase58(text)), bytes, text);
  }
});

test("check: encodes and decodes", (t) => {
  for (const { payload, version, text } of vectors.check) {
    t.is(encodeBase58Check(fromHex(payload), version), text);
    const decoded = decodeBase58Check(text);
    t.is(toHex(decoded.payload), payload);
    t.is(decoded.version, version);
  }
});

test("checkInvalid: tells bad format from a bad checksum", (t) => {
  for (const { why, text, class: kind, payload, version } of vectors.checkInvalid) {
    if (kind === undefined) {
      const decoded = decodeBase58Check(text);
      t.is(toHex(decoded.payload), payload!, why);
      t.is(decoded.version, version!, why);
      continue;
    }
    const message = kind === "checksum" ? /checksum mismatch/ : /invalid base58/;
    t.throws(() => decodeBase58Check(text), { code: "invalid-argument", message }, why);
  }
});

// A node id is a base58check payload whose last byte went to the version; core/identity reads and writes them.
test("nodeIds, nodeIdsInvalid: the text layer", (t) => {
  for (const { bytes, text, version } of vectors.nodeIds) {
    const payload = fromHex(bytes);
    payload[31] = 0;
    t.is(encodeBase58Check(payload, version), text);
    t.deepEqual(decodeBase58Check(text), { payload, version });
  }
  for (const { bytes, text } of vectors.nodeIdsInvalid) {
    if (bytes !== undefined) t.is(toHex(decodeBase58Check(text).payload.subarray(0, 31)), bytes.slice(0, 62));
  }
});

test("any bytes come back", (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(255), (bytes, version) => {
      t.deepEqual(decodeBase58(encodeBase58(bytes)), bytes);
      t.deepEqual(decodeBase58Check(encodeBase58Check(bytes, version)), { payload: bytes, version });
    }),
  );
});

test("long text is decoded in bounded time, longer text refused", (t) => {
  const bytes = new Uint8Array(200_000).fill(0xa7);
  t.deepEqual(decodeBase58(encodeBase58(bytes)), bytes);
  t.throws(() => decodeBase58("2".repeat(maxBase58Length + 1)), { code: "invalid-argument" });
});
