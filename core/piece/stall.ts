import { PosternError } from "../errors.js";

/**
 * Notices a peer that stops moving: each awaited step may take `timeoutMs`. Waiting for ourselves (data to send, a reader
 * that pauses) is not timed. One timer serves all steps.
 */
export class StallWatch {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly timeoutMs: number,
    private readonly onStall: (error: PosternError) => void,
  ) {}

  /** Awaits a step of the peer. */
  async step<T>(promise: Promise<T>): Promise<T> {
    this.arm();
    try {
      return await promise;
    } finally {
      this.disarm();
    }
  }

  private arm(): void {
    this.disarm();
    this.timer = setTimeout(() => {
      this.onStall(new PosternError("deadline-exceeded", `node made no progress in ${this.timeoutMs} ms`));
    }, this.timeoutMs);
  }

  private disarm(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }
}
