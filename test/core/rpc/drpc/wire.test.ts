import test from "ava";
import fc from "fast-check";
import { concatBytes, fromHex, toHex } from "../../../../core/bytes/bytes.js";
import { isPosternError } from "../../../../core/errors.js";
import { wholeMessage } from "../../../../core/rpc/drpc/encoded-message.js";
import { decodeErrorBody, encodeErrorBody } from "../../../../core/rpc/drpc/error-body.js";
import { controlByte, maxFrameHeaderBytes, parseFrame, writeFrameHeader } from "../../../../core/rpc/drpc/frame.js";
import { createFrameWriter } from "../../../../core/rpc/drpc/frame-writer.js";
import { drpcHeader } from "../../../../core/rpc/drpc/header.js";
import { decodeMetadata, encodeMetadata } from "../../../../core/rpc/drpc/metadata.js";
import { createPacketReader, type Packet } from "../../../../core/rpc/drpc/packet.js";
import { asVector, pattern } from "../../../helpers/vectors.js";
import { type PacketVector, vectors } from "./vectors.js";

function asPacketVector(packet: Packet, like: PacketVector | undefined) {
  const { stream, message, kind, control, data } = packet;
  return { stream, message, kind, control, data: asVector(data, like?.data ?? "") };
}

function expected({ stream, message, kind, control, data }: PacketVector) {
  return { stream, message, kind, control, data };
}

test("the header is Go's", (t) => {
  t.is(toHex(drpcHeader), vectors.headers.drpc);
});

test("frames of the vectors parse and are written the same", (t) => {
  for (const { frame, bytes } of vectors.frames) {
    const buf = fromHex(bytes);
    const parsed = parseFrame(buf, 0)!;
    t.is(parsed.next, buf.length);
    const { header, data } = parsed.frame;
    t.deepEqual({ ...header, data: toHex(data) }, {
      stream: frame.stream,
      message: frame.message,
      kind: frame.kind,
      done: frame.done,
      control: frame.control,
      length: data.length,
      data: frame.data,
    } as never);
    const out = new Uint8Array(maxFrameHeaderBytes);
    const { stream, message, kind, done, control, length } = header;
    const end = writeFrameHeader(out, 0, controlByte(kind, done, control), stream, message, length);
    t.is(toHex(concatBytes(out.subarray(0, end), data)), bytes);
  }
});

test("a frame that is cut anywhere needs more", (t) => {
  for (const { bytes } of vectors.frames) {
    const buf = fromHex(bytes);
    for (let length = 0; length < Math.min(buf.length, 40); length++) {
      t.is(parseFrame(buf.subarray(0, length), 0), undefined);
    }
  }
});

test("packets are split as Go splits them", (t) => {
  const { cases, dataPatternLabel } = vectors.split;
  for (const { dataLength, splitSize, bytes, packets } of cases) {
    const written: Uint8Array[] = [];
    const splitBytes = splitSize === 0 ? 65_536 : splitSize < 0 ? Number.MAX_SAFE_INTEGER : splitSize;
    const writer = createFrameWriter((data) => written.push(data.slice()), { splitBytes });
    const data = pattern(dataPatternLabel, dataLength);
    writer.packet(3, 7, 2, wholeMessage(data));
    writer.flush();
    t.deepEqual(asVector(concatBytes(...written), bytes), bytes);
    const read: Packet[] = [];
    createPacketReader().push(concatBytes(...written), (packet) => read.push(packet));
    t.deepEqual(
      read.map((packet, i) => asPacketVector(packet, packets[i])),
      packets.map(expected),
    );
  }
});

test("the packet reader gives what Go's gives, however the bytes come", (t) => {
  for (const { why, bytes, maximumBufferSize, packets, end } of vectors.reader) {
    const buf = fromHex(bytes);
    for (const step of [1, 2, 3, 5, buf.length]) {
      const reader = createPacketReader(maximumBufferSize);
      const read: Packet[] = [];
      const feed = () => {
        for (let at = 0; at < buf.length; at += step) {
          // Copies: nothing may depend on the chunks being of one buffer.
          reader.push(buf.slice(at, at + step), (packet) => read.push(packet));
        }
      };
      if (end === "error") t.true(isPosternError(t.throws(feed), "protocol-error"), why);
      else feed();
      t.deepEqual(
        read.map((packet, i) => asPacketVector(packet, packets[i])),
        packets.map(expected),
        why,
      );
    }
  }
});

test("packets survive any cutting of their bytes", (t) => {
  const packetArbitrary = fc.record({
    kind: fc.integer({ min: 0, max: 63 }),
    control: fc.boolean(),
    data: fc.uint8Array({ maxLength: 400 }),
    newStream: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(packetArbitrary, { maxLength: 12 }),
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 8 }),
      (sent, splitBytes, steps) => {
        const written: Uint8Array[] = [];
        const writer = createFrameWriter((data) => written.push(data.slice()), { splitBytes });
        let stream = 1;
        let message = 0;
        const packets = sent.map(({ kind, control, data, newStream }) => {
          if (newStream) {
            stream += 1000;
            message = 0;
          }
          message++;
          writer.packet(stream, message, kind, wholeMessage(data), control);
          return { stream, message, kind, control, data: toHex(data) };
        });
        writer.flush();
        const bytes = concatBytes(...written);
        const reader = createPacketReader();
        const read: Packet[] = [];
        for (let at = 0, i = 0; at < bytes.length; i++) {
          const step = steps[i % steps.length]!;
          reader.push(bytes.slice(at, at + step), (packet) => read.push(packet));
          at += step;
        }
        t.deepEqual(
          read.map((packet) => asPacketVector(packet, undefined)),
          packets,
        );
      },
    ),
    { numRuns: 200 },
  );
});

test("any bytes give packets or a protocol error", (t) => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 64 }), { maxLength: 20 }), (chunks) => {
      const reader = createPacketReader(4096);
      try {
        for (const chunk of chunks) reader.push(chunk, () => {});
      } catch (error) {
        return isPosternError(error, "protocol-error");
      }
      return true;
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

test("an announced length takes no memory before its bytes come", (t) => {
  const before = process.memoryUsage().arrayBuffers;
  const header = new Uint8Array(maxFrameHeaderBytes);
  const end = writeFrameHeader(header, 0, controlByte(2, true, false), 1, 1, 4 << 20);
  const readers = Array.from({ length: 100 }, () => createPacketReader());
  for (const reader of readers) reader.push(concatBytes(header.subarray(0, end), new Uint8Array(10)), () => {});
  t.true(process.memoryUsage().arrayBuffers - before < 100 * 300 * 1024);
});

test("error bodies are Go's", (t) => {
  for (const { message, code, bytes } of vectors.errors) {
    t.is(toHex(encodeErrorBody(Number(code), message)), bytes);
  }
  for (const { bytes, code, message } of vectors.errorsDecode) {
    const decoded = decodeErrorBody(fromHex(bytes));
    t.is(decoded.status, Number(code));
    t.is(decoded.message, message.replace("(drpcwire note: invalid error data)", "(invalid error data)"));
  }
});

test("metadata is Go's", (t) => {
  for (const { metadata, bytes, order } of vectors.metadata) {
    const ordered = Object.fromEntries((order ?? Object.keys(metadata)).map((key) => [key, metadata[key]!]));
    t.is(toHex(encodeMetadata(ordered)), bytes);
    t.deepEqual({ ...decodeMetadata(fromHex(bytes)) }, metadata);
  }
  for (const { why, bytes, metadata, error } of vectors.metadataDecode) {
    if (error === null) t.deepEqual({ ...decodeMetadata(fromHex(bytes)) }, metadata ?? {}, why);
    else
      t.true(
        isPosternError(
          t.throws(() => decodeMetadata(fromHex(bytes))),
          "protocol-error",
        ),
        why,
      );
  }
});
