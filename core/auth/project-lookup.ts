import { toHex } from "../bytes/bytes.js";

/** What a satellite tells of the project of an API key; each may be unknown. */
export interface KnownProject {
  /** 16 bytes. */
  readonly publicId: Uint8Array | undefined;
  /** Milliseconds since the epoch. */
  readonly createdAt: number | undefined;
}

export interface ProjectLookupOptions {
  /** Longest wait for a satellite, in ms; 5 000 when absent (storj/edge pkg/auth/authdb/db.go). */
  readonly timeoutMs?: number;
  /** Questions under way; more are not asked. 32 when absent. */
  readonly maxAtOnce?: number;
  /** API keys remembered; 10 000 when absent. */
  readonly maxEntries?: number;
}

const unknown: KnownProject = { publicId: undefined, createdAt: undefined };

/**
 * Asks which project an API key is of, once for each macaroon head. A satellite that fails or takes too long leaves the
 * project unknown, and is asked again the next time: registering must not depend on it.
 */
export function createProjectLookup(
  ask: (accessGrant: string, signal: AbortSignal) => Promise<KnownProject>,
  options: ProjectLookupOptions = {},
): (macaroonHead: Uint8Array, accessGrant: string) => Promise<KnownProject> {
  const { timeoutMs = 5_000, maxAtOnce = 32, maxEntries = 10_000 } = options;
  const known = new Map<string, KnownProject>();
  let underWay = 0;
  return async (macaroonHead, accessGrant) => {
    const id = toHex(macaroonHead);
    const found = known.get(id);
    if (found !== undefined) return found;
    if (underWay >= maxAtOnce) return unknown;
    underWay++;
    const controller = new AbortController();
    const late = deferredAbort(controller, timeoutMs);
    try {
      const project = await Promise.race([ask(accessGrant, controller.signal), late.aborted]);
      known.set(id, project);
      if (known.size > maxEntries) known.delete(known.keys().next().value!);
      return project;
    } catch {
      // Whatever it is: the record goes without.
      return unknown;
    } finally {
      late.cancel();
      underWay--;
    }
  };
}

/** A timer of its own, and no AbortSignal.timeout: that one keeps no process alive which waits for nothing else. */
function deferredAbort(controller: AbortController, ms: number): { aborted: Promise<never>; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  const aborted = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      controller.abort();
      reject(controller.signal.reason);
    }, ms);
  });
  return { aborted, cancel: () => clearTimeout(timer) };
}
