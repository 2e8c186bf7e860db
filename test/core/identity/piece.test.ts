import test from "ava";
import { fromHex, toHex } from "../../../core/bytes/bytes.js";
import { derivePieceId, parsePieceId, pieceIdText } from "../../../core/identity/piece-id.js";
import { newPieceKey, signWithPieceKey, verifyWithPieceKey } from "../../../core/identity/piece-key.js";
import { newSerialNumber, serialNumberText } from "../../../core/identity/serial-number.js";
import { vectors } from "./vectors.js";

test("derivedPieceIds", (t) => {
  for (const vector of vectors.derivedPieceIds) {
    const root = fromHex(vector.rootPieceId);
    const id = derivePieceId(root, fromHex(vector.nodeId), vector.pieceNumber);
    t.is(toHex(id), vector.pieceId);
    t.is(pieceIdText(id), vector.pieceIdText);
    t.is(pieceIdText(root), vector.rootPieceIdText);
    t.is(toHex(parsePieceId(vector.pieceIdText)), vector.pieceId);
  }
  t.throws(() => parsePieceId("AAAA"), { code: "invalid-argument" });
});

test("pieceKey: the private key is the seed and the public key", (t) => {
  const { seed, privateKey, publicKey } = vectors.pieceKey;
  t.is(privateKey, seed + publicKey);
  const data = fromHex("01");
  t.true(verifyWithPieceKey(data, signWithPieceKey(data, fromHex(privateKey)), fromHex(publicKey)));
});

test("a new key signs, and only for its public half", (t) => {
  const key = newPieceKey();
  t.is(key.publicKey.length, 32);
  t.is(key.privateKey.length, 64);
  t.deepEqual(key.privateKey.subarray(32), key.publicKey);
  const data = fromHex("010203");
  const signature = signWithPieceKey(data, key.privateKey);
  t.true(verifyWithPieceKey(data, signature, key.publicKey));
  t.false(verifyWithPieceKey(fromHex("010204"), signature, key.publicKey));
  t.false(verifyWithPieceKey(data, signature, newPieceKey().publicKey));
});

test("keys and signatures of the wrong length are no keys and signatures", (t) => {
  const key = newPieceKey();
  const signature = signWithPieceKey(new Uint8Array(0), key.privateKey);
  t.false(verifyWithPieceKey(new Uint8Array(0), signature.subarray(1), key.publicKey));
  t.false(verifyWithPieceKey(new Uint8Array(0), signature, key.publicKey.subarray(1)));
  t.throws(() => signWithPieceKey(new Uint8Array(0), key.privateKey.subarray(0, 32)), { code: "invalid-argument" });
});

test("more keys than the cache holds work as well", (t) => {
  const data = fromHex("00");
  const first = newPieceKey();
  const signature = signWithPieceKey(data, first.privateKey);
  t.true(verifyWithPieceKey(data, signature, first.publicKey));
  for (let i = 0; i < 300; i++) t.false(verifyWithPieceKey(data, signature, newPieceKey().publicKey));
  t.true(verifyWithPieceKey(data, signature, first.publicKey));
});

test("serial numbers start with the expiration and do not repeat", (t) => {
  const serial = newSerialNumber(1_700_000_000_999);
  t.is(serial.length, 16);
  t.is(toHex(serial.subarray(0, 8)), "000000006553f100");
  t.notDeepEqual(newSerialNumber(1_700_000_000_999), serial);
  t.is(serialNumberText(serial).length, 26);
});
