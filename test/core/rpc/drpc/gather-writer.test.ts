import { BinaryWriter } from "@bufbuild/protobuf/wire";
import test from "ava";
import fc from "fast-check";
import { toHex } from "../../../../core/bytes/bytes.js";
import { withEncoded } from "../../../../core/rpc/drpc/encoded-message.js";
import type { MessageType } from "../../../../core/rpc/transport.js";
import { SettlementWithWindowResponse } from "../../../../proto/gen/orders.js";

/** A value of a protobuf field, by the writer's method that encodes it. */
type Field =
  | { method: "uint32" | "int32" | "sint32" | "fixed32" | "sfixed32" | "float" | "double"; value: number }
  | { method: "int64" | "uint64" | "sint64" | "fixed64" | "sfixed64"; value: number | bigint | string }
  | { method: "bool"; value: boolean }
  | { method: "string"; value: string }
  | { method: "bytes" | "raw"; value: Uint8Array }
  | { method: "message"; value: Field[] };

function writeFields(fields: Field[], writer: BinaryWriter): BinaryWriter {
  for (const [i, field] of fields.entries()) {
    writer.tag(i + 1, 2);
    if (field.method === "message") writeFields(field.value, writer.fork()).join();
    else (writer[field.method] as (value: unknown) => BinaryWriter).call(writer, field.value);
  }
  return writer;
}

const Fields: MessageType<Field[]> = {
  encode: (fields, writer = new BinaryWriter()) => writeFields(fields, writer),
  decode: () => [],
};

function gathered(fields: Field[], step = 1 << 20): Uint8Array {
  return withEncoded(Fields, fields, (encoded) => {
    const out = new Uint8Array(encoded.length);
    for (let at = 0; at < out.length; at += step) encoded.take(Math.min(step, out.length - at), out, at);
    return out;
  });
}

const int32 = fc.integer();
const uint32 = fc.nat({ max: 0xffff_ffff });
const int64 = fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const uint64 = fc.oneof(fc.maxSafeNat(), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 50 }),
  fc
    .tuple(fc.integer({ min: 900, max: 20_000 }), fc.nat({ max: 255 }))
    .map(([n, fill]) => new Uint8Array(n).fill(fill)),
);

const fieldsArbitrary = fc.letrec<{ fields: Field[]; field: Field }>((tie) => ({
  fields: fc.array(tie("field"), { maxLength: 6 }),
  field: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.record({ method: fc.constantFrom("int32" as const, "sint32" as const, "sfixed32" as const), value: int32 }),
    fc.record({ method: fc.constantFrom("uint32" as const, "fixed32" as const), value: uint32 }),
    fc.record({ method: fc.constantFrom("int64" as const, "sint64" as const, "sfixed64" as const), value: int64 }),
    fc.record({ method: fc.constantFrom("uint64" as const, "fixed64" as const), value: uint64 }),
    fc.record({ method: fc.constant("float" as const), value: fc.float({ noNaN: true }) }),
    fc.record({ method: fc.constant("double" as const), value: fc.double() }),
    fc.record({ method: fc.constant("bool" as const), value: fc.boolean() }),
    fc.record({ method: fc.constant("string" as const), value: fc.string({ unit: "binary", maxLength: 60 }) }),
    fc.record({ method: fc.constantFrom("bytes" as const, "raw" as const), value: bytes }),
    fc.record({ method: fc.constant("message" as const), value: tie("fields") }),
  ),
})).fields;

test("the encoding is that of the protobuf runtime's writer", (t) => {
  fc.assert(
    fc.property(fieldsArbitrary, fc.integer({ min: 1, max: 3000 }), (fields, step) => {
      const expected = toHex(writeFields(fields, new BinaryWriter()).finish());
      t.is(toHex(gathered(fields)), expected);
      t.is(toHex(gathered(fields, step)), expected);
    }),
    { numRuns: 500 },
  );
});

test("large fields keep their place in nested messages", (t) => {
  const large = new Uint8Array(70_000).fill(7);
  const fields: Field[] = [
    {
      method: "message",
      value: [
        { method: "bytes", value: large },
        { method: "uint32", value: 300 },
      ],
    },
    { method: "message", value: [{ method: "message", value: [{ method: "raw", value: large }] }] },
    { method: "string", value: "é".repeat(5000) },
  ];
  t.is(toHex(gathered(fields)), toHex(writeFields(fields, new BinaryWriter()).finish()));
});

test("values out of range are refused and leave nothing behind", (t) => {
  for (const value of [-1, 2 ** 32, 1.5, Number.NaN]) t.throws(() => gathered([{ method: "uint32", value }]));
  for (const value of [2 ** 31, -(2 ** 31) - 1]) t.throws(() => gathered([{ method: "int32", value }]));
  t.is(toHex(gathered([{ method: "uint32", value: 1 }])), "0a01");
});

test("a type that ignores the writer is encoded all the same", (t) => {
  const stubborn: MessageType<string> = { encode: () => ({ finish: () => Uint8Array.of(1, 2, 3) }), decode: () => "" };
  const out = new Uint8Array(3);
  withEncoded(stubborn, "", (encoded) => encoded.take(encoded.length, out, 0));
  t.is(toHex(out), "010203");
});

test("maps with numbers for keys", (t) => {
  const message = SettlementWithWindowResponse.fromPartial({ actionSettled: { 2: 1000, 7: 3 } });
  const expected = SettlementWithWindowResponse.encode(message).finish();
  const written = new Uint8Array(expected.length);
  withEncoded(SettlementWithWindowResponse, message, (encoded) => encoded.take(encoded.length, written, 0));
  t.is(toHex(written), toHex(expected));
});
