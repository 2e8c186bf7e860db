import { toHex } from "./bytes/bytes.js";
import { boundAfter, type ListedItem, type ListScope, maximumPage } from "./list-folder.js";
import type { ListBound } from "./list-select.js";

/** One page of a listing. */
export interface PageRead {
  readonly scope: ListScope;
  readonly prefix: Uint8Array;
  readonly delimiter: Uint8Array;
  readonly bound: ListBound;
  /** One more than the page has, to know whether there is another. */
  readonly count: number;
}

export interface ListAhead {
  /** A page; `fresh` reads that many entries of it. */
  read(page: PageRead, fresh: (count: number) => Promise<ListedItem[]>): Promise<ListedItem[]>;
}

interface Kept {
  readonly items: readonly ListedItem[];
  /** There are no more than these. */
  readonly complete: boolean;
  readonly readAt: number;
  readonly size: number;
}

/** Entries that one reading keeps for the pages after its own. */
const mostAhead = 8 * maximumPage;
/** How long they serve, in ms. */
const keepMs = 5_000;
/** Of all listings together, in bytes. */
const mostBytes = 32 * 2 ** 20;
/** Of readings that keep something: each holds as much as it keeps. */
const readsAtOnce = 2;

/**
 * Where keys are encrypted, a page in plain order takes a look at all of its folder. From the second full page of a
 * listing on, such a look is made to serve for the next ones, too, if they are asked for within seconds. The first two
 * pages are always of this moment, and so is every page that holds less than a satellite's.
 */
export function createListAhead(now: () => number = () => performance.now()): ListAhead {
  const kept = new Map<string, Kept>();
  let keptBytes = 0;
  let reading = 0;

  const drop = (name: string): Kept | undefined => {
    const entry = kept.get(name);
    if (entry === undefined) return undefined;
    kept.delete(name);
    keptBytes -= entry.size;
    return now() - entry.readAt <= keepMs ? entry : undefined;
  };
  /** What comes after the page, for whoever asks on from there. */
  const keepRest = (page: PageRead, items: readonly ListedItem[], complete: boolean, readAt: number): void => {
    const last = items[page.count - 2];
    const rest = items.slice(page.count - 1);
    if (last === undefined || rest.length === 0) return;
    const bound = last.isPrefix ? { afterKey: last.key, afterVersion: undefined } : boundAfter(page.scope, last);
    const name = nameOf({ ...page, bound });
    const size = rest.reduce((sum, { key, item }) => sum + key.length + item.encryptedMetadata.length + 500, 0);
    drop(name);
    kept.set(name, { items: rest, complete, readAt, size });
    keptBytes += size;
    for (const [oldest, entry] of kept) {
      if (keptBytes <= mostBytes && now() - entry.readAt <= keepMs) return;
      drop(oldest);
    }
  };

  return {
    async read(page, fresh) {
      const { bound, count, scope } = page;
      if (bound === undefined || count <= maximumPage || scope.pending) return await fresh(count);
      const ahead = drop(nameOf(page));
      if (ahead !== undefined && (ahead.complete || ahead.items.length >= count)) {
        keepRest(page, ahead.items, ahead.complete, ahead.readAt);
        return ahead.items.slice(0, count);
      }
      if (reading >= readsAtOnce) return await fresh(count);
      reading++;
      try {
        const found = await fresh(count + mostAhead);
        const own = found.slice(0, count);
        keepRest(
          page,
          [...own.slice(0, -1), ...found.slice(count - 1).map(apart)],
          found.length < count + mostAhead,
          now(),
        );
        return own;
      } finally {
        reading--;
      }
    },
  };
}

/** Its bytes are parts of a reply with a thousand entries, which must not be kept for the sake of one. */
function apart(one: ListedItem): ListedItem {
  const fields = Object.entries(one.item).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? Uint8Array.from(value) : value,
  ]);
  return { ...one, item: Object.fromEntries(fields) as ListedItem["item"] };
}

/** Of contexts: what one grant may see is not for another. */
const ids = new WeakMap<object, number>();
let nextId = 0;

function nameOf({ scope, prefix, delimiter, bound }: PageRead): string {
  let id = ids.get(scope.context);
  if (id === undefined) {
    id = nextId++;
    ids.set(scope.context, id);
  }
  const texts = Object.entries(bound ?? {}).map(([name, value]) => [name, value && toHex(value)]);
  const { bucket, versions = false, includes } = scope;
  return JSON.stringify([id, toHex(bucket), versions, includes, toHex(prefix), toHex(delimiter), texts]);
}
