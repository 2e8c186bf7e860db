import { randomUUID } from "node:crypto";
import { DavError } from "./errors.js";
import { isWithin, type Target } from "./target.js";

/** A write lock (RFC 4918 clause 6). */
export interface Lock {
  readonly token: string;
  readonly space: string;
  readonly target: Pick<Target, "bucket" | "key">;
  readonly collection: boolean;
  readonly exclusive: boolean;
  /** Also on all that is in the collection. */
  readonly infinite: boolean;
  /** Markup that the client gave, to tell people whose lock it is. */
  readonly owner: string;
  readonly seconds: number;
  readonly until: number;
}

export type LockRequest = Pick<Lock, "space" | "target" | "collection" | "exclusive" | "infinite" | "owner"> & {
  readonly seconds: number | undefined;
};

export interface Locks {
  /** Throws 423 where it meets another lock, 503 when there are too many. */
  take(request: LockRequest): Lock;
  /** Throws 412 when it is gone. */
  refresh(space: string, target: Target, tokens: readonly string[], seconds: number | undefined): Lock;
  /** Throws 409 where there is no such lock. */
  release(space: string, target: Target, token: string): void;
  /** All that are on the resource, also by a collection that it is in. */
  on(space: string, target: Pick<Target, "bucket" | "key">): readonly Lock[];
  /** Throws 423 when something about the resource, or with `deep` in it, is locked and none of its tokens is there. */
  check(space: string, target: Pick<Target, "bucket" | "key">, tokens: readonly string[], deep: boolean): void;
  /** Those of what is no more. */
  forget(space: string, target: Pick<Target, "bucket" | "key">): void;
}

/** Locks in this process. Other processes do not know of them, nor do S3 and other frontends. */
export function createLocks(init: { readonly maxSeconds: number; readonly maxLocks: number }): Locks {
  const locks = new Map<string, Lock>();

  function live(): Lock[] {
    const now = Date.now();
    for (const lock of locks.values()) if (lock.until <= now) locks.delete(lock.token);
    return [...locks.values()];
  }
  const secondsOf = (wanted: number | undefined) => Math.min(wanted ?? init.maxSeconds, init.maxSeconds);
  const covers = (lock: Lock, target: Pick<Target, "bucket" | "key">) =>
    lock.infinite
      ? isWithin(lock.target, target)
      : lock.target.bucket === target.bucket && lock.target.key === target.key;
  const on: Locks["on"] = (space, target) => live().filter((lock) => lock.space === space && covers(lock, target));

  return {
    take({ seconds: wanted, ...request }) {
      const near = live().filter(
        (lock) =>
          lock.space === request.space &&
          (covers(lock, request.target) || (request.infinite && isWithin(request.target, lock.target))),
      );
      if (near.some((lock) => lock.exclusive || request.exclusive)) throw new DavError(423, "no-conflicting-lock");
      if (locks.size >= init.maxLocks) throw new DavError(503);
      const seconds = secondsOf(wanted);
      const lock: Lock = {
        ...request,
        token: `urn:uuid:${randomUUID()}`,
        seconds,
        until: Date.now() + seconds * 1_000,
      };
      locks.set(lock.token, lock);
      return lock;
    },
    refresh(space, target, tokens, wanted) {
      const lock = on(space, target).find(({ token }) => tokens.includes(token));
      if (lock === undefined) throw new DavError(412, "lock-token-matches-request-uri");
      const seconds = secondsOf(wanted);
      const fresh = { ...lock, seconds, until: Date.now() + seconds * 1_000 };
      locks.set(lock.token, fresh);
      return fresh;
    },
    release(space, target, token) {
      if (!on(space, target).some((lock) => lock.token === token)) {
        throw new DavError(409, "lock-token-matches-request-uri");
      }
      locks.delete(token);
    },
    on,
    check(space, target, tokens, deep) {
      const near = live().filter(
        (lock) => lock.space === space && (covers(lock, target) || (deep && isWithin(target, lock.target))),
      );
      // A shared lock is held by several, and one of their tokens is enough; others may be on other resources.
      const held = (lock: Lock) =>
        tokens.includes(lock.token) ||
        (!lock.exclusive &&
          near.some(
            (other) => tokens.includes(other.token) && isWithin(other.target, lock.target) && !other.exclusive,
          ));
      if (!near.every(held)) throw new DavError(423, "lock-token-submitted");
    },
    forget(space, target) {
      for (const lock of live()) {
        if (lock.space === space && isWithin(target, lock.target)) locks.delete(lock.token);
      }
    },
  };
}
