import type { BinaryWriter } from "@bufbuild/protobuf/wire";
import type { MessageType } from "../transport.js";
import { GatherWriter } from "./gather-writer.js";

/** A message in encoded form, to be copied out in order and at once. */
export interface EncodedMessage {
  readonly length: number;
  take(count: number, out: Uint8Array, offset: number): void;
}

// One for all connections: a message is encoded and copied out before anything else runs.
const shared = new GatherWriter();

/** Encodes a message for `use`, which takes its bytes before it returns. */
export function withEncoded<T, R>(type: MessageType<T>, message: T, use: (encoded: EncodedMessage) => R): R {
  shared.reset();
  try {
    // The class has the writer's whole interface, but TypeScript takes private members for part of it.
    const written = type.encode(message, shared as unknown as BinaryWriter);
    return use((written as unknown) === shared ? shared : wholeMessage(written.finish()));
  } finally {
    shared.reset();
  }
}

/** Bytes that are there already. */
export function wholeMessage(bytes: Uint8Array): EncodedMessage {
  let taken = 0;
  return {
    length: bytes.length,
    take(count, out, offset) {
      out.set(bytes.subarray(taken, taken + count), offset);
      taken += count;
    },
  };
}

/** The body of a packet without data. */
export function noBody(): EncodedMessage {
  return wholeMessage(none);
}

const none = new Uint8Array(0);
