import { compareBytes, startsWithBytes } from "./bytes/bytes.js";

/** Where a listing goes on: after a key or one of its versions, or after everything below a prefix. */
export type ListBound =
  | { readonly afterKey: Uint8Array; readonly afterVersion?: Uint8Array | undefined }
  | { readonly afterPrefix: Uint8Array }
  | undefined;

/** Whether a key (or the entry of a prefix) comes after the bound. Versions of a key come newest first. */
export function isAfter(bound: ListBound, key: Uint8Array, version?: Uint8Array): boolean {
  if (bound === undefined) return true;
  if ("afterKey" in bound) {
    const order = compareBytes(key, bound.afterKey);
    if (order !== 0 || bound.afterVersion === undefined || version === undefined) return order > 0;
    return compareBytes(version, bound.afterVersion) < 0;
  }
  return compareBytes(key, bound.afterPrefix) > 0 && !startsWithBytes(key, bound.afterPrefix);
}

/** Whether some key that starts with `prefix` may come after the bound. */
export function mayHoldAfter(bound: ListBound, prefix: Uint8Array): boolean {
  if (bound === undefined || isAfter(bound, prefix)) return true;
  if ("afterKey" in bound) return startsWithBytes(bound.afterKey, prefix);
  return startsWithBytes(bound.afterPrefix, prefix) && prefix.length < bound.afterPrefix.length;
}

/** Keeps the smallest `limit` of any number of values. */
export class Smallest<T> {
  private kept: T[] = [];
  private largest: T | undefined;
  /** Some value did not fit. */
  dropped = false;

  constructor(
    private readonly limit: number,
    private readonly compare: (a: T, b: T) => number,
  ) {}

  add(value: T): void {
    if (this.largest !== undefined && this.compare(value, this.largest) >= 0) {
      this.dropped = true;
      return;
    }
    this.kept.push(value);
    if (this.kept.length >= 2 * this.limit + 16) this.shrink();
  }

  sorted(): T[] {
    this.shrink();
    return this.kept;
  }

  private shrink(): void {
    this.kept.sort(this.compare);
    if (this.kept.length <= this.limit) return;
    this.dropped = true;
    this.kept.length = this.limit;
    this.largest = this.kept.at(-1);
  }
}
