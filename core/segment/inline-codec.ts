import { PosternError } from "../errors.js";
import type { SegmentCodec } from "./codec.js";
import { createSegmentDecoder, initialDecoderState } from "./segment-decoder.js";
import { createSegmentEncoder } from "./segment-encoder.js";

/** A codec in this thread: each call blocks it for the time of its work, about 2 ms for a unit of the encoder. */
export function createInlineCodec(): SegmentCodec {
  return {
    encoder(layout, hash) {
      const encoder = createSegmentEncoder(layout, hash);
      let closed = false;
      return {
        unitSize: encoder.unitSize,
        async encode(plain) {
          if (closed) throw closedError();
          return encoder.encode(plain);
        },
        async finish() {
          if (closed) throw closedError();
          return encoder.finish();
        },
        close() {
          closed = true;
        },
      };
    },

    decoder(layout) {
      const decoder = createSegmentDecoder(layout);
      let state = initialDecoderState;
      let closed = false;
      return {
        unitStripes: decoder.unitStripes,
        async decode(request) {
          if (closed) throw closedError();
          const decoded = decoder.decode(state, request);
          state = decoded.state;
          return decoded.result;
        },
        close() {
          closed = true;
        },
      };
    },

    async close() {},
  };
}

export function closedError(): PosternError {
  return new PosternError("canceled", "the codec is closed");
}
