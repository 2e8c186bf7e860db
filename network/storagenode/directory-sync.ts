import { open } from "node:fs/promises";

/** Makes the names in a folder durable. */
export type DirectorySync = (dir: string) => Promise<void>;

/**
 * Renames are on disk when their folder has been synced. Whoever asks while a sync of the folder runs (which may have
 * missed the newest names) shares the one that follows.
 */
export function createDirectorySync(): DirectorySync {
  const states = new Map<string, { running: Promise<void>; next?: Promise<void> }>();

  function start(dir: string): Promise<void> {
    const state: { running: Promise<void>; next?: Promise<void> } = { running: syncOnce(dir) };
    states.set(dir, state);
    const ended = () => {
      if (states.get(dir) === state && state.next === undefined) states.delete(dir);
    };
    state.running.then(ended, ended);
    return state.running;
  }

  return (dir) => {
    const state = states.get(dir);
    if (state === undefined) return start(dir);
    state.next ??= state.running.then(
      () => start(dir),
      () => start(dir),
    );
    return state.next;
  };
}

async function syncOnce(dir: string): Promise<void> {
  const handle = await open(dir, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
