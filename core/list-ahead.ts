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
  /** All of one reading, shared by the pages that it serves. */
  readonly items: readonly ListedItem[];
  /** Where the page begins among them; before them for that of the reading itself. */
  readonly from: number;
  /** There are no more than these. */
  readonly complete: boolean;
  readonly readAt: number;
  /** Counted once for each reading. */
  readonly size: number;
}

/** Entries that one reading keeps for the pages after its own. */
const mostAhead = 8 * maximumPage;
/** How long they serve, in ms. */
const keepMs = 5_000;
/** Of all listings together, in bytes. */
const mostBytes = 32 * 2 ** 20;
const mostNames = 1_000;
/** Of readings that keep something: each holds as much as it keeps. */
const readsAtOnce = 4;

/**
 * Where keys are encrypted, a page in plain order takes a look at all of its folder. From the second full page of a
 * listing on, such a look is made to serve for the next ones, too, if they are asked for within seconds. The first two
 * pages are always of this moment, and so is every page that holds less than a satellite's.
 */
export function createListAhead(now: () => number = () => performance.now()): ListAhead {
  const kept = new Map<string, Kept>();
  let keptBytes = 0;
  let reading = 0;

  const isYoung = ({ readAt }: Kept): boolean => now() - readAt <= keepMs;
  const drop = (name: string): void => {
    keptBytes -= kept.get(name)?.size ?? 0;
    kept.delete(name);
  };
  /** The page that comes after this one, for whoever asks on from there. */
  const keepNext = (page: PageRead, { items, from, ...reading }: Kept): void => {
    const next = from + page.count - 1;
    const last = items[next - 1];
    if (last === undefined || next >= items.length) return;
    const bound = last.isPrefix ? { afterKey: last.key, afterVersion: undefined } : boundAfter(page.scope, last);
    const name = nameOf({ ...page, bound });
    drop(name);
    kept.set(name, { items, from: next, ...reading });
    keptBytes += reading.size;
    for (const [oldest, entry] of kept) {
      if (keptBytes <= mostBytes && kept.size <= mostNames && isYoung(entry)) return;
      drop(oldest);
    }
  };

  return {
    async read(page, fresh) {
      const { bound, count, scope } = page;
      if (bound === undefined || count <= maximumPage || scope.pending) return await fresh(count);
      const ahead = kept.get(nameOf(page));
      if (ahead !== undefined && isYoung(ahead) && (ahead.complete || ahead.items.length - ahead.from >= count)) {
        keepNext(page, { ...ahead, size: 0 });
        return ahead.items.slice(ahead.from, ahead.from + count);
      }
      if (reading >= readsAtOnce) return await fresh(count);
      reading++;
      try {
        const found = await fresh(count + mostAhead);
        // From the last entry of this page on: it is the bound of the next.
        const items = found.slice(count - 2).map(apart);
        const complete = found.length < count + mostAhead;
        keepNext(page, { items, from: 2 - count, complete, readAt: now(), size: sizeOf(items) });
        return found.slice(0, count);
      } finally {
        reading--;
      }
    },
  };
}

function sizeOf(items: readonly ListedItem[]): number {
  return items.reduce((sum, { key, item }) => sum + key.length + item.encryptedMetadata.length + 500, 0);
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
