/** Lets one waiter sleep until something changes. */
export class Notifier {
  private changed = false;
  private wake: (() => void) | undefined;

  notify(): void {
    this.changed = true;
    this.wake?.();
  }

  /** True when something changed since the last wait, false after `ms` without. */
  async wait(ms: number): Promise<boolean> {
    if (!this.changed && ms > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        this.wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.wake = undefined;
    }
    const { changed } = this;
    this.changed = false;
    return changed;
  }
}
