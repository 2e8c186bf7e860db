import type { Channel } from "./channel.js";

/** Bytes of messages that wait for their reader before the connection stops reading. */
export const defaultWindowBytes = 256 * 1024;

/** What a queued message costs beyond its bytes: a view keeps its whole chunk alive. */
const messageOverhead = 1024;

/** Messages that wait for their reader. A full queue stops the connection, until half of it is read. */
export class ReceiveQueue {
  private messages: (Uint8Array | undefined)[] = [];
  private head = 0;
  private bytes = 0;
  private paused = false;

  constructor(
    private readonly channel: Pick<Channel, "pause" | "resume">,
    private readonly windowBytes: number,
  ) {}

  get empty(): boolean {
    return this.head === this.messages.length;
  }

  push(data: Uint8Array): void {
    this.messages.push(data);
    this.bytes += data.length + messageOverhead;
    if (this.paused || this.bytes <= this.windowBytes) return;
    this.paused = true;
    this.channel.pause();
  }

  /** The oldest message. Not of an empty queue. */
  shift(): Uint8Array {
    const data = this.messages[this.head]!;
    this.messages[this.head++] = undefined;
    this.bytes -= data.length + messageOverhead;
    if (this.head === this.messages.length || this.head === 64) {
      this.messages = this.messages.slice(this.head);
      this.head = 0;
    }
    if (this.bytes <= this.windowBytes / 2) this.flow();
    return data;
  }

  clear(): void {
    this.messages = [];
    this.head = 0;
    this.bytes = 0;
    this.flow();
  }

  /** Lets the connection read on, whatever is queued: nothing more will be. */
  flow(): void {
    if (!this.paused) return;
    this.paused = false;
    this.channel.resume();
  }
}
