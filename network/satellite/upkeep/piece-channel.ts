import type { PieceSource } from "../../../core/piece/upload.js";

interface Portion {
  readonly data: Uint8Array;
  readonly digest?: Uint8Array;
}

/** Hands a piece to its upload, portion by portion; the giver waits until each is taken. */
export class PieceChannel implements PieceSource {
  private offered: { portion: Portion; taken: () => void } | undefined;
  private asked: ((portion: Portion) => void) | undefined;
  private ended = false;

  next(): Promise<Portion> {
    const { offered } = this;
    if (offered === undefined) {
      return new Promise((resolve) => {
        this.asked = resolve;
      });
    }
    this.offered = undefined;
    offered.taken();
    return Promise.resolve(offered.portion);
  }

  /** One at a time. Resolves at once when the upload has ended. */
  give(portion: Portion): Promise<void> {
    if (this.ended) return Promise.resolve();
    const { asked } = this;
    if (asked !== undefined) {
      this.asked = undefined;
      asked(portion);
      return Promise.resolve();
    }
    return new Promise((taken) => {
      this.offered = { portion, taken };
    });
  }

  /** The upload takes no more. */
  end(): void {
    this.ended = true;
    this.offered?.taken();
    this.offered = undefined;
  }
}
