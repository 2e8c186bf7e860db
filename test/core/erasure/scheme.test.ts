import test from "ava";
import { pieceSize, redundancyScheme, stripeCount } from "../../../core/erasure/scheme.js";
import { isPosternError } from "../../../core/errors.js";
import { readVectors } from "../../helpers/vectors.js";

const vectors = readVectors<{
  pieceSizes: { k: number; n: number; shareSize: number; encryptedSize: number; pieceSize: number }[];
  thresholds: {
    required: number;
    total: number;
    repair: number;
    optimal: number;
    error: string | null;
    repairThreshold?: number;
    optimalThreshold?: number;
  }[];
  segments: { k: number; shareSize: number; dataLength: number; stripes: number; pieceSize: number }[];
}>("erasure");

test("piece sizes: every vector", (t) => {
  for (const v of vectors.pieceSizes) t.is(pieceSize(v.encryptedSize, v.k, v.shareSize), v.pieceSize);
  for (const v of vectors.segments) {
    t.is(stripeCount(v.dataLength, v.k, v.shareSize), v.stripes);
    t.is(pieceSize(v.dataLength, v.k, v.shareSize), v.pieceSize);
  }
});

test("thresholds: every vector", (t) => {
  for (const v of vectors.thresholds) {
    const check = () =>
      redundancyScheme({
        minReq: v.required,
        total: v.total,
        repairThreshold: v.repair,
        successThreshold: v.optimal,
        erasureShareSize: 256,
      });
    if (v.error === null) {
      const { required, total, repair, optimal, shareSize } = check();
      t.deepEqual([required, total, shareSize], [v.required, v.total, 256]);
      t.deepEqual([repair, optimal], [v.repairThreshold, v.optimalThreshold]);
    } else {
      t.true(isPosternError(t.throws(check), "invalid-argument"), v.error);
    }
  }
});

test("a scheme without shares or share size is invalid", (t) => {
  const scheme = { minReq: 4, total: 10, repairThreshold: 0, successThreshold: 0, erasureShareSize: 256 };
  t.throws(() => redundancyScheme({ ...scheme, erasureShareSize: 0 }));
  t.throws(() => redundancyScheme({ ...scheme, minReq: 0 }));
  t.throws(() => redundancyScheme({ ...scheme, total: 3 }));
});
