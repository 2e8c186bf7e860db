import { multiply } from "./field.js";
import { combinationRows } from "./interpolate.js";
import { shareNumbers } from "./share.js";

/** Bytes of one coefficient's nibble tables in the kernel. */
export const tableSize = 32;

/** How shares `to` are computed from shares `from`, prepared for the kernel. */
export interface Combination {
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** Targets that are a source themselves: index into `to`, index into `from`. */
  readonly copies: readonly { readonly target: number; readonly source: number }[];
  /** The other targets, as indexes into `to`. */
  readonly computed: readonly number[];
  /** For each of `computed`, for each of `from`: 16 products with low nibbles, 16 with high ones. */
  readonly tables: Uint8Array;
}

/**
 * @param from as many distinct share numbers as the code requires
 * @param to any share numbers
 */
export function prepareCombination(from: readonly number[], to: readonly number[]): Combination {
  const copies: { target: number; source: number }[] = [];
  const computed: number[] = [];
  for (const [target, number] of to.entries()) {
    const source = from.indexOf(number);
    if (source >= 0) copies.push({ target, source });
    else computed.push(target);
  }
  const rows = combinationRows(
    from,
    computed.map((target) => to[target]!),
  );
  const tables = new Uint8Array(rows.length * from.length * tableSize);
  let at = 0;
  for (const row of rows) {
    for (const coefficient of row) {
      for (let nibble = 0; nibble < 16; nibble++) {
        tables[at + nibble] = multiply(coefficient, nibble);
        tables[at + 16 + nibble] = multiply(coefficient, nibble << 4);
      }
      at += tableSize;
    }
  }
  return { from, to, copies, computed, tables };
}

/** A process sees few schemes, and each of their segments needs the combination. */
const keptEncodings = 8;
const encodings = new Map<string, Combination>();

/** All shares from the data shares. */
export function encodingCombination(required: number, total: number): Combination {
  const key = `${required}/${total}`;
  let encoding = encodings.get(key);
  if (encoding === undefined) {
    encoding = prepareCombination(shareNumbers(0, required), shareNumbers(0, total));
    if (encodings.size >= keptEncodings) encodings.delete(encodings.keys().next().value as string);
    encodings.set(key, encoding);
  }
  return encoding;
}
