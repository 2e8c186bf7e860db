import { PosternError } from "../../errors.js";
import type { EncodedMessage } from "./encoded-message.js";
import { controlByte, type Kind, maxFrameHeaderBytes, writeFrameHeader } from "./frame.js";
import { defaultMaxPacketBytes } from "./packet.js";

/**
 * Data bytes per frame. Readers accept any split; whole pieces of 64 KiB, the common message of an upload or download,
 * stay in one frame with room for what surrounds them, and Go's reader buffers no more than this at a time.
 */
export const defaultSplitBytes = 68 * 1024;

/** Packets up to this size are gathered and leave in one write; a larger one leaves at once, from its own buffer. */
const slabBytes = 16 * 1024;

/** Buffers for packets of one full frame: written ones are used again, which spares the collector and the kernel. */
const reusedBytes = defaultSplitBytes + 1024;
const maxReused = 64;
const reused: Uint8Array[] = [];

export interface FrameWriter {
  /** Adds a packet to what the next flush writes. Throws `invalid-argument` when it is too large for the peer. */
  packet(stream: number, message: number, kind: Kind, body: EncodedMessage, control?: boolean): void;
  /** Writes what was added. */
  flush(): void;
}

const noSlab: Uint8Array = new Uint8Array(0);

/** Puts packets into frames (storj/drpc drpcwire/split.go) and frames into few writes. */
export function createFrameWriter(
  write: (data: Uint8Array, onWritten?: () => void) => void,
  { splitBytes = defaultSplitBytes, maxPacketBytes = defaultMaxPacketBytes } = {},
): FrameWriter {
  let slab = noSlab;
  let start = 0;
  let end = 0;

  function flush(): void {
    if (end === start) return;
    const data = slab.subarray(start, end);
    start = end;
    write(data);
  }

  /** Writes a packet's frames at `offset` and gives the offset after them. */
  function frames(
    out: Uint8Array,
    offset: number,
    stream: number,
    message: number,
    kind: Kind,
    body: EncodedMessage,
    control: boolean,
  ): number {
    let at = offset;
    let rest = body.length;
    do {
      const length = Math.min(rest, splitBytes);
      rest -= length;
      at = writeFrameHeader(out, at, controlByte(kind, rest === 0, control), stream, message, length);
      if (length > 0) body.take(length, out, at);
      at += length;
    } while (rest > 0);
    return at;
  }

  return {
    packet(stream, message, kind, body, control = false) {
      if (body.length > maxPacketBytes) {
        throw new PosternError("invalid-argument", `message of ${body.length} bytes exceeds ${maxPacketBytes}`);
      }
      const room = body.length + Math.max(1, Math.ceil(body.length / splitBytes)) * maxFrameHeaderBytes;
      if (room > slabBytes) {
        flush();
        if (room <= reusedBytes) {
          const buffer = reused.pop() ?? Buffer.allocUnsafeSlow(reusedBytes);
          write(buffer.subarray(0, frames(buffer, 0, stream, message, kind, body, control)), () => {
            if (reused.length < maxReused) reused.push(buffer);
          });
        } else {
          const buffer = Buffer.allocUnsafeSlow(room);
          write(buffer.subarray(0, frames(buffer, 0, stream, message, kind, body, control)));
        }
        return;
      }
      if (slab.length - end < room) {
        flush();
        slab = Buffer.allocUnsafeSlow(slabBytes);
        start = 0;
        end = 0;
      }
      end = frames(slab, end, stream, message, kind, body, control);
    },
    flush,
  };
}
