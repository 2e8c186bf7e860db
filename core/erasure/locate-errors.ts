import { divide, multiply } from "./field.js";
import { pointOf } from "./interpolate.js";

/**
 * Finds which of the given bytes of one codeword are wrong (Berlekamp and Welch): a polynomial E that is zero at the
 * wrong points and Q = P * E with Q(x) = y * E(x) at all points follow from linear equations, and P = Q / E.
 * @param numbers distinct share numbers
 * @param bytes the byte of each of them
 * @returns indexes of the wrong ones, at most (numbers.length - required) / 2; undefined when more are wrong
 */
export function locateErrors(
  numbers: readonly number[],
  bytes: Uint8Array,
  required: number,
): readonly number[] | undefined {
  const most = Math.floor((numbers.length - required) / 2);
  if (most < 1) return undefined;
  const points = numbers.map(pointOf);
  const solution = solve(equations(points, bytes, most, required), most + most + required);
  if (solution === undefined) return undefined;
  const locator = [...solution.subarray(0, most), 1];
  const polynomial = quotient(solution.subarray(most), locator);
  if (polynomial === undefined) return undefined;
  const wrong: number[] = [];
  for (const [i, point] of points.entries()) if (evaluate(polynomial, point) !== bytes[i]) wrong.push(i);
  return wrong.length <= most ? wrong : undefined;
}

/** One row a point: unknown coefficients of E (the highest is 1) and of Q, then the constant. */
function equations(points: readonly number[], bytes: Uint8Array, most: number, required: number): Uint8Array[] {
  return points.map((point, i) => {
    const row = new Uint8Array(most + most + required + 1);
    let power = 1;
    for (let degree = 0; degree < most + required; degree++) {
      row[most + degree] = power;
      if (degree < most) row[degree] = multiply(bytes[i]!, power);
      if (degree === most) row[row.length - 1] = multiply(bytes[i]!, power);
      power = multiply(power, point);
    }
    return row;
  });
}

/** Gauss and Jordan. Free unknowns become 0: fewer errors than expected leave several solutions, all equally good. */
function solve(rows: Uint8Array[], unknowns: number): Uint8Array | undefined {
  const pivots: number[] = [];
  for (let column = 0; column < unknowns && pivots.length < rows.length; column++) {
    const found = rows.findIndex((row, i) => i >= pivots.length && row[column] !== 0);
    if (found < 0) continue;
    const pivot = rows[found]!;
    rows[found] = rows[pivots.length]!;
    rows[pivots.length] = pivot;
    const lead = pivot[column]!;
    for (let i = column; i <= unknowns; i++) pivot[i] = divide(pivot[i]!, lead);
    for (const row of rows) {
      const factor = row[column]!;
      if (row === pivot || factor === 0) continue;
      for (let i = column; i <= unknowns; i++) row[i]! ^= multiply(factor, pivot[i]!);
    }
    pivots.push(column);
  }
  for (let i = pivots.length; i < rows.length; i++) if (rows[i]![unknowns] !== 0) return undefined;
  const solution = new Uint8Array(unknowns);
  for (const [i, column] of pivots.entries()) solution[column] = rows[i]![unknowns]!;
  return solution;
}

/** Quotient by a polynomial whose highest coefficient is 1; undefined when there is a remainder. Lowest degree first. */
function quotient(dividend: Uint8Array, divisor: readonly number[]): Uint8Array | undefined {
  const rest = Uint8Array.from(dividend);
  const degree = divisor.length - 1;
  const out = new Uint8Array(rest.length - degree);
  for (let i = out.length - 1; i >= 0; i--) {
    const factor = rest[i + degree]!;
    out[i] = factor;
    for (let j = 0; j <= degree; j++) rest[i + j]! ^= multiply(factor, divisor[j]!);
  }
  return rest.every((byte) => byte === 0) ? out : undefined;
}

function evaluate(polynomial: Uint8Array, point: number): number {
  let value = 0;
  for (let i = polynomial.length - 1; i >= 0; i--) value = multiply(value, point) ^ polynomial[i]!;
  return value;
}
