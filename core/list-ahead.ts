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
  /** The bound is the end of an earlier page of the same listing. */
  readonly continues: boolean;
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
  /** When the reading began: all that was written before is in it. */
  readonly begunAt: number;
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
 * listing on, such a look is made to serve for the next ones, too, if they are asked for within seconds. It serves no
 * listing that began after it: what was written before a listing began is in all of its pages.
 */
export function createListAhead(now: () => number = () => performance.now()): ListAhead {
  const kept = new Map<string, Kept>();
  /** When the last of the listings began that go on at a place. */
  const begun = new Map<string, number>();
  let keptBytes = 0;
  let reading = 0;

  const isYoung = ({ readAt }: Kept): boolean => now() - readAt <= keepMs;
  const drop = (name: string): void => {
    keptBytes -= kept.get(name)?.size ?? 0;
    kept.delete(name);
  };
  /** A listing that began at `since` goes on at the page of this name. */
  const noteBegin = (name: string, since: number): void => {
    const latest = Math.max(since, begun.get(name) ?? since);
    begun.delete(name);
    begun.set(name, latest);
    if (begun.size > mostNames) begun.delete(begun.keys().next().value!);
  };
  /** For whoever asks on from the end of the page. */
  const keepNext = (name: string, page: PageRead, { from, ...reading }: Kept): void => {
    const next = from + page.count - 1;
    if (next >= reading.items.length || (kept.get(name)?.begunAt ?? 0) > reading.begunAt) return;
    drop(name);
    kept.set(name, { from: next, ...reading });
    keptBytes += reading.size;
    for (const [oldest, entry] of kept) {
      if (keptBytes <= mostBytes && kept.size <= mostNames && isYoung(entry)) return;
      drop(oldest);
    }
  };

  return {
    async read(page, fresh) {
      const { count, scope, continues } = page;
      if (count <= maximumPage || scope.pending) return await fresh(count);
      const begunAt = now();
      const since = continues ? (begun.get(nameOf(page)) ?? begunAt) : begunAt;
      const goesOn = (found: readonly ListedItem[]): string | undefined => {
        const name = nextOf(page, found);
        if (name !== undefined) noteBegin(name, since);
        return name;
      };
      const ahead = continues ? kept.get(nameOf(page)) : undefined;
      const serves = ahead !== undefined && isYoung(ahead) && ahead.begunAt >= since;
      if (serves && (ahead.complete || ahead.items.length - ahead.from >= count)) {
        const found = ahead.items.slice(ahead.from, ahead.from + count);
        const name = goesOn(found);
        if (name !== undefined) keepNext(name, page, { ...ahead, size: 0 });
        return found;
      }
      if (!continues || reading >= readsAtOnce) {
        const found = await fresh(count);
        goesOn(found);
        return found;
      }
      reading++;
      try {
        const found = await fresh(count + mostAhead);
        // From the last entry of this page on: it is the bound of the next.
        const items = found.slice(count - 2).map(apart);
        const complete = found.length < count + mostAhead;
        const name = goesOn(found);
        const size = sizeOf(items);
        if (name !== undefined)
          keepNext(name, page, { items, from: 2 - count, complete, begunAt, readAt: now(), size });
        return found.slice(0, count);
      } finally {
        reading--;
      }
    },
  };
}

/** Name of the page that comes after this one; undefined where there is none. */
function nextOf(page: PageRead, found: readonly ListedItem[]): string | undefined {
  const last = found[page.count - 2];
  if (last === undefined || found.length < page.count) return undefined;
  const bound = last.isPrefix ? { afterKey: last.key, afterVersion: undefined } : boundAfter(page.scope, last);
  return nameOf({ ...page, bound });
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
