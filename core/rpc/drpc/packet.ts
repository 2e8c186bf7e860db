import { PosternError } from "../../errors.js";
import { type FrameHeader, type Kind, maxFrameHeaderBytes, parseFrameHeader } from "./frame.js";

/** One or more frames put together. */
export interface Packet {
  readonly stream: number;
  readonly message: number;
  readonly kind: Kind;
  readonly control: boolean;
  /** A view of the received chunk, or bytes of the packet's own: either way nobody writes to it any more. */
  readonly data: Uint8Array;
}

/** What Go accepts by default (storj/drpc drpcwire/reader.go). */
export const defaultMaxPacketBytes = 4 << 20;

/** Announced lengths are believed up to here; beyond, memory grows with what has really come. */
const trustedBytes = 256 * 1024;

const none: Uint8Array = new Uint8Array(0);

export interface PacketReader {
  /** Takes the next bytes of the connection and hands out the packets they end. Throws `protocol-error` for good. */
  push(chunk: Uint8Array, onPacket: (packet: Packet) => void): void;
}

/**
 * Puts packets together (storj/drpc drpcwire/reader.go): ids grow, a larger id drops an unfinished packet, a packet
 * does not change its kind. A packet that lies in one chunk is a view of it; a longer one is copied once.
 */
export function createPacketReader(maxPacketBytes = defaultMaxPacketBytes): PacketReader {
  // The least id that may come next.
  let stream = 1;
  let message = 1;
  // The unfinished packet, if any: its kind, flag and the data so far.
  let open: { kind: Kind; control: boolean } | undefined;
  let assembly = none;
  let assembled = 0;
  let lastAssembled = 0;
  // The frame whose data is coming.
  let frame: FrameHeader | undefined;
  let missing = 0;
  // The start of a frame header that the last chunk cut.
  let carry = none;

  function startFrame(header: FrameHeader): void {
    if (header.stream < stream || (header.stream === stream && header.message < message)) {
      throw new PosternError("protocol-error", "packet ids must grow");
    }
    if (open === undefined || header.stream !== stream || header.message !== message) {
      stream = header.stream;
      message = header.message;
      open = { kind: header.kind, control: header.control };
      assembled = 0;
    } else if (open.kind !== header.kind) {
      throw new PosternError("protocol-error", "packet kind changed");
    } else {
      open.control ||= header.control;
    }
    if (assembled + header.length > maxPacketBytes) throw new PosternError("protocol-error", "packet too large");
    frame = header;
    missing = header.length;
  }

  function append(data: Uint8Array, expected: number): void {
    const needed = assembled + data.length;
    if (assembly.length < needed) {
      // Streams send packets of one size: the last is the best guess for one whose length no frame tells.
      const guess = assembled === 0 ? lastAssembled : 2 * assembly.length;
      const size = Math.max(needed, Math.min(Math.max(assembled + expected, guess), Math.max(trustedBytes, guess)));
      const grown = Buffer.allocUnsafeSlow(Math.min(size, maxPacketBytes));
      grown.set(assembly.subarray(0, assembled));
      assembly = grown;
    }
    assembly.set(data, assembled);
    assembled = needed;
  }

  function finishPacket(data: Uint8Array, onPacket: (packet: Packet) => void): void {
    const packet = { stream, message, kind: open!.kind, control: open!.control, data };
    open = undefined;
    if (assembled > 0) lastAssembled = Math.min(assembled, trustedBytes);
    assembly = none;
    assembled = 0;
    message++; // No frame with this id is accepted again.
    onPacket(packet);
  }

  return {
    push(chunk, onPacket) {
      let at = 0;
      if (carry.length > 0) {
        // Copies the few bytes of one header, not the chunk.
        const head = Buffer.concat([carry, chunk.subarray(0, maxFrameHeaderBytes)]);
        const parsed = parseFrameHeader(head, 0);
        if (parsed === undefined) {
          carry = head;
          return;
        }
        at = parsed.next - carry.length;
        carry = none;
        startFrame(parsed.header);
      }
      for (;;) {
        if (frame === undefined) {
          const parsed = parseFrameHeader(chunk, at);
          if (parsed === undefined) {
            if (at < chunk.length) carry = chunk.slice(at);
            return;
          }
          startFrame(parsed.header);
          at = parsed.next;
        }
        const taken = Math.min(missing, chunk.length - at);
        const data = chunk.subarray(at, at + taken);
        const whole = taken === missing;
        const { done } = frame!;
        if (whole && done && assembled === 0) {
          at += taken;
          frame = undefined;
          finishPacket(data, onPacket);
          continue;
        }
        if (taken > 0) append(data, missing);
        at += taken;
        missing -= taken;
        if (!whole) return;
        frame = undefined;
        if (done) finishPacket(assembly.subarray(0, assembled), onPacket);
      }
    },
  };
}
