import { startsWithBytes } from "./bytes/bytes.js";
import { boundAfter, compareListed, folderPages, type ListedItem, type ListScope } from "./list-folder.js";
import { isAfter, type ListBound, mayHoldAfter, Smallest } from "./list-select.js";

/** Which plain keys a walk is after. */
export interface Wanted {
  readonly prefix: Uint8Array;
  readonly bound: ListBound;
  /** Most entries. */
  readonly count: number;
}

/** A whole tree is read at once when it has no more pages than these. */
const smallTreePages = 4;

/** The part of a prefix up to its last slash: the folder to list. */
export function folderOf(prefix: Uint8Array): Uint8Array {
  return prefix.subarray(0, prefix.lastIndexOf(0x2f) + 1);
}

function versionOf({ versions }: ListScope, { isPrefix, item }: ListedItem): Uint8Array | undefined {
  return versions && !isPrefix ? item.objectVersion : undefined;
}

/** The first entries of one folder, in plain order; what is deeper shows as prefixes. Reads the whole folder. */
export async function firstOfFolder(scope: ListScope, wanted: Wanted): Promise<ListedItem[]> {
  const first = new Smallest(wanted.count, compareListed);
  for await (const { items } of folderPages(scope, folderOf(wanted.prefix), false)) {
    for (const item of items) {
      if (startsWithBytes(item.key, wanted.prefix) && isAfter(wanted.bound, item.key, versionOf(scope, item)))
        first.add(item);
    }
  }
  return first.sorted();
}

/**
 * The first keys of a tree, in plain order. Small trees are read at once; larger ones depth first, folder by folder, in
 * the order of their names: a prefix sorts where all keys below it do. Memory is bounded by `count` a level.
 */
export async function firstOfTree(
  scope: ListScope,
  wanted: Wanted,
  folder: Uint8Array = folderOf(wanted.prefix),
): Promise<ListedItem[]> {
  const whole = await smallTree(scope, wanted, folder);
  if (whole !== undefined) return whole;
  const found: ListedItem[] = [];
  let { bound } = wanted;
  for (;;) {
    const level = await folderLevel(scope, { ...wanted, bound }, folder);
    for (const entry of level.sorted()) {
      const count = wanted.count - found.length;
      if (count <= 0) return found;
      if (entry.isPrefix) found.push(...(await firstOfTree(scope, { ...wanted, count }, entry.key)));
      else found.push(entry);
      bound = entry.isPrefix ? { afterPrefix: entry.key } : boundAfter(scope, entry);
    }
    // Folders may have been emptied meanwhile; then those that did not fit are looked at, too.
    if (!level.dropped) return found;
  }
}

async function smallTree(scope: ListScope, wanted: Wanted, folder: Uint8Array): Promise<ListedItem[] | undefined> {
  const first = new Smallest(wanted.count, compareListed);
  let pages = 0;
  for await (const { items, more } of folderPages(scope, folder, true)) {
    for (const item of items) {
      if (startsWithBytes(item.key, wanted.prefix) && isAfter(wanted.bound, item.key, versionOf(scope, item)))
        first.add(item);
    }
    if (more && ++pages >= smallTreePages) return undefined;
  }
  return first.sorted();
}

async function folderLevel(scope: ListScope, wanted: Wanted, folder: Uint8Array): Promise<Smallest<ListedItem>> {
  // One more than wanted: the first folder may hold nothing after the bound.
  const level = new Smallest(wanted.count + 1, compareListed);
  for await (const { items } of folderPages(scope, folder, false)) {
    for (const item of items) {
      const after = item.isPrefix
        ? mayHoldAfter(wanted.bound, item.key)
        : isAfter(wanted.bound, item.key, versionOf(scope, item));
      if (after && startsWithBytes(item.key, wanted.prefix)) level.add(item);
    }
  }
  return level;
}
