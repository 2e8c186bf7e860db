import { protoInt64 } from "@bufbuild/protobuf";
import type { WireType } from "@bufbuild/protobuf/wire";
import { PosternError } from "../../errors.js";
import type { EncodedMessage } from "./encoded-message.js";
import { writeVarint } from "./frame.js";

/** `bytes` fields from this size on are referred to, not copied, until the message is written out. */
const gatherBytes = 1024;
const initialScratch = 4096;
/** A scratch grown beyond this by one odd message is given back. */
const keptScratch = 64 * 1024;

/** A `bytes` field and where in the scratch it belongs. */
interface Inset {
  at: number;
  data: Uint8Array;
}

/**
 * The protobuf runtime's BinaryWriter for messages that are mostly one large `bytes` field: the runtime's own writer
 * copies such a field once per level of nesting and once more at the end, this one only to where it is wanted.
 * The encoding is the same byte for byte. Data is read when `take` is called: encode and take in one go.
 */
export class GatherWriter implements EncodedMessage {
  private scratch: Uint8Array = new Uint8Array(initialScratch);
  private view = new DataView(this.scratch.buffer);
  private pos = 0;
  private insets: Inset[] = [];
  private insetBytes = 0;
  private readonly forks: { pos: number; insets: number; insetBytes: number }[] = [];
  // How far `take` has come: in the scratch, in the list of insets and in the current one.
  private taken = 0;
  private inset = 0;
  private insetTaken = 0;

  get length(): number {
    return this.pos + this.insetBytes;
  }

  reset(): void {
    this.pos = 0;
    this.insets.length = 0;
    this.insetBytes = 0;
    this.forks.length = 0;
    this.taken = 0;
    this.inset = 0;
    this.insetTaken = 0;
    if (this.scratch.length > keptScratch) this.replaceScratch(initialScratch);
  }

  /** Copies the next `count` bytes of the message. */
  take(count: number, out: Uint8Array, offset: number): void {
    let at = offset;
    let rest = count;
    while (rest > 0) {
      const inset = this.insets[this.inset];
      if (inset !== undefined && inset.at === this.taken) {
        const part = Math.min(rest, inset.data.length - this.insetTaken);
        const whole = part === inset.data.length;
        out.set(whole ? inset.data : inset.data.subarray(this.insetTaken, this.insetTaken + part), at);
        this.insetTaken += part;
        at += part;
        rest -= part;
        if (this.insetTaken < inset.data.length) return;
        this.inset++;
        this.insetTaken = 0;
      } else {
        const part = Math.min(rest, (inset?.at ?? this.pos) - this.taken);
        out.set(this.scratch.subarray(this.taken, this.taken + part), at);
        this.taken += part;
        at += part;
        rest -= part;
      }
    }
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.length);
    this.take(out.length, out, 0);
    this.reset();
    return out;
  }

  fork(): this {
    this.forks.push({ pos: this.pos, insets: this.insets.length, insetBytes: this.insetBytes });
    this.need(1);
    this.pos++; // Room for the shortest length prefix.
    return this;
  }

  join(): this {
    const fork = this.forks.pop();
    if (fork === undefined) throw new PosternError("internal", "join without fork");
    const small = this.pos - fork.pos - 1;
    const length = small + this.insetBytes - fork.insetBytes;
    const shift = varintSize(length) - 1;
    if (shift > 0) {
      this.need(shift);
      this.scratch.copyWithin(fork.pos + 1 + shift, fork.pos + 1, this.pos);
      for (let i = fork.insets; i < this.insets.length; i++) this.insets[i]!.at += shift;
    }
    writeVarint(this.scratch, fork.pos, length);
    this.pos += shift;
    return this;
  }

  tag(fieldNo: number, type: WireType): this {
    return this.uint32(((fieldNo << 3) | type) >>> 0);
  }

  raw(chunk: Uint8Array): this {
    if (chunk.length >= gatherBytes) {
      this.insets.push({ at: this.pos, data: chunk });
      this.insetBytes += chunk.length;
      return this;
    }
    this.need(chunk.length);
    this.scratch.set(chunk, this.pos);
    this.pos += chunk.length;
    return this;
  }

  bytes(value: Uint8Array): this {
    return this.uint32(value.byteLength).raw(value);
  }

  string(value: string): this {
    const length = Buffer.byteLength(value, "utf8");
    this.uint32(length);
    this.need(length);
    if (length === value.length && length < 32) {
      for (let i = 0; i < length; i++) this.scratch[this.pos + i] = value.charCodeAt(i);
    } else {
      encoder.encodeInto(value, this.scratch.subarray(this.pos));
    }
    this.pos += length;
    return this;
  }

  uint32(value: number): this {
    inRange(value, 0, 0xffff_ffff);
    this.need(5);
    this.pos = writeVarint(this.scratch, this.pos, value);
    return this;
  }

  int32(given: number): this {
    // Generated code gives keys of maps as the texts that they are in objects.
    const value = Number(given);
    inRange(value, -0x8000_0000, 0x7fff_ffff);
    return value >= 0 ? this.uint32(value) : this.varint64(value | 0, -1);
  }

  sint32(value: number): this {
    inRange(value, -0x8000_0000, 0x7fff_ffff);
    return this.uint32(((value << 1) ^ (value >> 31)) >>> 0);
  }

  bool(value: boolean): this {
    return this.uint32(value ? 1 : 0);
  }

  int64(value: string | number | bigint): this {
    if (typeof value === "number" && Number.isSafeInteger(value)) {
      if (value >= 0) return this.safeVarint(value);
      const hi = Math.floor(value / 0x1_0000_0000);
      return this.varint64((value - hi * 0x1_0000_0000) | 0, hi);
    }
    const { lo, hi } = protoInt64.enc(value);
    return this.varint64(lo, hi);
  }

  uint64(value: string | number | bigint): this {
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= 0) return this.safeVarint(value);
    const { lo, hi } = protoInt64.uEnc(value);
    return this.varint64(lo, hi);
  }

  sint64(value: string | number | bigint): this {
    const { lo, hi } = protoInt64.enc(value);
    const sign = hi >> 31;
    return this.varint64((lo << 1) ^ sign, ((hi << 1) | (lo >>> 31)) ^ sign);
  }

  fixed32(value: number): this {
    inRange(value, 0, 0xffff_ffff);
    return this.words(value);
  }

  sfixed32(value: number): this {
    inRange(value, -0x8000_0000, 0x7fff_ffff);
    return this.words(value);
  }

  fixed64(value: string | number | bigint): this {
    const { lo, hi } = protoInt64.uEnc(value);
    return this.words(lo, hi);
  }

  sfixed64(value: string | number | bigint): this {
    const { lo, hi } = protoInt64.enc(value);
    return this.words(lo, hi);
  }

  float(value: number): this {
    this.need(4);
    this.view.setFloat32(this.pos, value, true);
    this.pos += 4;
    return this;
  }

  double(value: number): this {
    this.need(8);
    this.view.setFloat64(this.pos, value, true);
    this.pos += 8;
    return this;
  }

  private words(...words: number[]): this {
    this.need(4 * words.length);
    for (const word of words) {
      this.view.setInt32(this.pos, word, true);
      this.pos += 4;
    }
    return this;
  }

  private safeVarint(value: number): this {
    this.need(10);
    this.pos = writeVarint(this.scratch, this.pos, value);
    return this;
  }

  private varint64(lo: number, hi: number): this {
    this.need(10);
    let low = lo >>> 0;
    let high = hi >>> 0;
    while (high > 0 || low > 0x7f) {
      this.scratch[this.pos++] = (low & 0x7f) | 0x80;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.scratch[this.pos++] = low;
    return this;
  }

  private need(count: number): void {
    if (this.pos + count <= this.scratch.length) return;
    const old = this.scratch;
    this.replaceScratch(Math.max(2 * old.length, this.pos + count));
    this.scratch.set(old.subarray(0, this.pos));
  }

  private replaceScratch(size: number): void {
    this.scratch = new Uint8Array(size);
    this.view = new DataView(this.scratch.buffer);
  }
}

const encoder = new TextEncoder();

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value; rest > 0x7f; rest = Math.floor(rest / 128)) size++;
  return size;
}

function inRange(value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max) {
    throw new PosternError("invalid-argument", "integer out of range");
  }
}
