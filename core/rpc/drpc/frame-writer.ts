import { PosternError } from "../../errors.js";
import { type Kind, maxFrameHeaderBytes, writeFrameHeader } from "./frame.js";
import { type EncodedMessage, wholeMessage } from "./gather-writer.js";
import { defaultMaxPacketBytes } from "./packet.js";

/**
 * Data bytes per frame. Readers accept any split; whole pieces of 64 KiB, the common message of an upload or download,
 * stay in one frame with room for what surrounds them, and Go's reader buffers no more than this at a time.
 */
export const defaultSplitBytes = 68 * 1024;

/** Small packets of one call are gathered here and leave in one write; a large one gets a buffer of its own size. */
const slabBytes = 16 * 1024;

export interface FrameWriter {
  /** Adds a packet to what the next flush writes. Throws `invalid-argument` when it is too large for the peer. */
  packet(stream: number, message: number, kind: Kind, body: EncodedMessage, control?: boolean): void;
  /** Writes what was added. */
  flush(): void;
}

const emptyBody = new Uint8Array(0);

/** A packet without data. */
export function noBody(): EncodedMessage {
  return wholeMessage(emptyBody);
}

/** Puts packets into frames (storj/drpc drpcwire/split.go) and frames into few writes. */
export function createFrameWriter(
  write: (data: Uint8Array) => void,
  { splitBytes = defaultSplitBytes, maxPacketBytes = defaultMaxPacketBytes } = {},
): FrameWriter {
  let slab: Uint8Array = emptyBody;
  let start = 0;
  let end = 0;

  function flush(): void {
    if (end === start) return;
    const data = slab.subarray(start, end);
    start = end;
    write(data);
  }

  return {
    packet(stream, message, kind, body, control = false) {
      if (body.length > maxPacketBytes) {
        throw new PosternError("invalid-argument", `message of ${body.length} bytes exceeds ${maxPacketBytes}`);
      }
      const frames = Math.max(1, Math.ceil(body.length / splitBytes));
      const room = body.length + frames * maxFrameHeaderBytes;
      if (slab.length - end < room) {
        flush();
        slab = Buffer.allocUnsafeSlow(Math.max(slabBytes, room));
        start = 0;
        end = 0;
      }
      let rest = body.length;
      do {
        const length = Math.min(rest, splitBytes);
        rest -= length;
        end = writeFrameHeader(slab, end, { stream, message, kind, done: rest === 0, control, length });
        body.take(length, slab, end);
        end += length;
      } while (rest > 0);
    },
    flush,
  };
}
