import type { ReadyFile } from "../../bin/ready-file.js";

/** What a client's round works with. */
export interface ClientRound {
  readonly ready: ReadyFile;
  /** A folder of the round's own. */
  readonly dir: string;
  /** Sizes of the files that go up and down, in bytes. */
  readonly sizes: readonly number[];
}

export const KiB = 1024;
export const MiB = 1024 * KiB;
