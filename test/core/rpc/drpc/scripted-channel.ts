import { concatBytes } from "../../../../core/bytes/bytes.js";
import type { Channel, ChannelEvents } from "../../../../core/rpc/drpc/channel.js";
import { type Deferred, deferred } from "../../../helpers/deferred.js";

export interface ScriptedChannel {
  open(events: ChannelEvents): Channel;
  /** Bytes from the peer. Throws what the connection throws, which on a socket closes it. */
  feed(data: Uint8Array): void;
  /** Makes writers wait, until the function that this gives is called. */
  block(): () => void;
  /** The peer is gone. */
  close(): void;
  /** All that was written so far. */
  written(): Uint8Array;
  readonly paused: boolean;
  readonly destroyed: boolean;
}

/** A channel without a network: keeps what is written, and is fed by the test. */
export function scriptedChannel(): ScriptedChannel {
  const written: Uint8Array[] = [];
  let events: ChannelEvents | undefined;
  let paused = false;
  let destroyed = false;
  let blocked: Deferred<void> | undefined;
  function unblock(): void {
    blocked?.resolve();
    blocked = undefined;
  }
  function close(): void {
    if (destroyed) return;
    destroyed = true;
    unblock();
    events?.closed(undefined);
  }
  const channel: Channel = {
    write(data, onWritten) {
      written.push(data.slice());
      onWritten?.();
    },
    drained: () => blocked?.promise,
    pause() {
      paused = true;
    },
    resume() {
      paused = false;
    },
    end: close,
    destroy: close,
  };
  return {
    open(given) {
      events = given;
      return channel;
    },
    feed: (data) => events!.data(data),
    block() {
      blocked = deferred();
      return unblock;
    },
    close,
    written: () => concatBytes(...written),
    get paused() {
      return paused;
    },
    get destroyed() {
      return destroyed;
    },
  };
}

/** Lets handlers and callers go on until they wait for more bytes. */
export function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
