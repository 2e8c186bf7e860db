import test from "ava";
import { concatBytes, fromHex, toHex } from "../../../core/bytes/bytes.js";
import { padding } from "../../../core/crypto/padding.js";
import { createSpreader } from "../../../core/segment/spreader.js";
import { asVector, pattern, readVectors, type Summary } from "../../helpers/vectors.js";

const { segments } = readVectors<{
  segments: {
    k: number;
    n: number;
    shareSize: number;
    stripeSize: number;
    dataLength: number;
    paddedLength: number;
    pieceSize: number;
    pieces: (string | Summary)[];
  }[];
}>("erasure");

test("pieces of padded segments: every vector, at once and in small units", (t) => {
  for (const v of segments) {
    const data = pattern("segment", v.dataLength);
    const padded = concatBytes(data, padding(data.length, v.stripeSize));
    t.is(padded.length, v.paddedLength);
    for (const unit of [padded.length, 1, 7, v.stripeSize + 1]) {
      const pieces = spread(padded, v, unit);
      for (const [i, piece] of pieces.entries()) {
        t.is(piece.length, v.pieceSize);
        t.deepEqual(asVector(piece, v.pieces[i]!), v.pieces[i]!, `piece ${i} of ${v.k}/${v.n}, ${v.dataLength} bytes`);
      }
    }
  }
});

// Made with storj/uplink's eestream for k = 2, n = 4, shares of 16 bytes and one cipher block of 64 bytes.
test("pieces of one encrypted block", (t) => {
  const encrypted = fromHex(
    "33cbe70afb5722d96133b60a812a9e931d64ef437f523749b9e7ca9c7516784180654d1a537d8bd8d40f39a7350b11b02c8f2ba0c179995e1497e124369a0076",
  );
  const padded = concatBytes(encrypted, padding(64, 32));
  t.deepEqual(spread(padded, { k: 2, n: 4, shareSize: 16, stripeSize: 32 }, 96).map(toHex), [
    "33cbe70afb5722d96133b60a812a9e9380654d1a537d8bd8d40f39a7350b11b000000000000000000000000000000000",
    "1d64ef437f523749b9e7ca9c751678412c8f2ba0c179995e1497e124369a007600000000000000000000000000000020",
    "6f88f798ee5d08e4cc864e3b74524f2ac5ac81736a75afc9492294bc3334332100000000000000000000000000000040",
    "8b4dc733d14376a326445b6876da21fc0aeac8c8216dc3faf3557e913975558f00000000000000000000000000000080",
  ]);
});

function spread(
  bytes: Uint8Array,
  { k, n, shareSize, stripeSize }: { k: number; n: number; shareSize: number; stripeSize: number },
  unit: number,
): Uint8Array[] {
  const spreader = createSpreader({ required: k, total: n, shareSize, stripe: stripeSize, encryptedBlock: 1 });
  const pieces: Uint8Array[][] = Array.from({ length: n }, () => []);
  for (let at = 0; at < bytes.length; at += unit) {
    const part = bytes.subarray(at, at + unit);
    spreader.begin(part.length);
    for (let done = 0; done < part.length; ) {
      const room = spreader.room();
      const next = part.subarray(done, done + room.length);
      room.set(next);
      spreader.wrote(next.length);
      done += next.length;
    }
    for (const [i, run] of spreader.end().entries()) pieces[i]!.push(run);
  }
  return pieces.map((runs) => concatBytes(...runs));
}
