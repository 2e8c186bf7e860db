import { divide, multiply, powerOfTwo } from "./field.js";

/**
 * Where the polynomial through the data is evaluated for a share: 0, then the powers of two from 2^1 on
 * (storj.io/infectious fec.go, its Vandermonde matrix).
 */
export function pointOf(shareNumber: number): number {
  return shareNumber === 0 ? 0 : powerOfTwo(shareNumber);
}

/**
 * How shares `to` follow from as many shares `from` as the code requires: row r has the coefficient of each of `from` in
 * share to[r]. Lagrange interpolation, which equals the library's product of a Vandermonde matrix and an inverse; with
 * `from` = 0..k-1 the rows are those of its systematic generator matrix.
 */
export function combinationRows(from: readonly number[], to: readonly number[]): Uint8Array[] {
  const points = from.map(pointOf);
  const weights = points.map((point) => productOfDistances(point, points));
  return to.map((number) => {
    const row = new Uint8Array(from.length);
    const given = from.indexOf(number);
    if (given >= 0) {
      row[given] = 1;
      return row;
    }
    const point = pointOf(number);
    const all = productOfDistances(point, points);
    for (let i = 0; i < row.length; i++) row[i] = divide(all, multiply(weights[i]!, point ^ points[i]!));
    return row;
  });
}

/** Product of the differences to all the points that are not `point` itself. */
function productOfDistances(point: number, points: readonly number[]): number {
  let product = 1;
  for (const other of points) if (other !== point) product = multiply(product, point ^ other);
  return product;
}
