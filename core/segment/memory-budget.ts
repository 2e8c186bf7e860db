/** A number of bytes shared by many; takers that get none do without. */
export interface MemoryBudget {
  tryTake(bytes: number): boolean;
  giveBack(bytes: number): void;
  readonly free: number;
}

export function createMemoryBudget(bytes: number): MemoryBudget {
  let free = bytes;
  return {
    tryTake(wanted) {
      if (wanted > free) return false;
      free -= wanted;
      return true;
    },
    giveBack(returned) {
      free += returned;
    },
    get free() {
      return free;
    },
  };
}

/** The plain bytes of a segment, kept as long as the budget allows for pieces that must be sent again. */
export class ReplayBuffer {
  private kept: Uint8Array[] | undefined = [];
  private bytes = 0;

  constructor(private readonly budget: MemoryBudget) {}

  /** Keeps a chunk by reference, or lets go of everything when the budget is spent. */
  add(chunk: Uint8Array): void {
    if (this.kept === undefined) return;
    if (!this.budget.tryTake(chunk.length)) {
      this.release();
      return;
    }
    this.bytes += chunk.length;
    this.kept.push(chunk);
  }

  /** All bytes so far, or undefined when they are not kept. */
  get chunks(): readonly Uint8Array[] | undefined {
    return this.kept;
  }

  release(): void {
    this.kept = undefined;
    this.budget.giveBack(this.bytes);
    this.bytes = 0;
  }
}
