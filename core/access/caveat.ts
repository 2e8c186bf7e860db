import { randomBytes } from "node:crypto";
import { Caveat } from "../../proto/gen/macaroon.js";
import { isZeroTime, type Timestamp } from "../bytes/timestamp.js";
import { PosternError } from "../errors.js";
import type { ApiKey } from "./api-key.js";
import { addCaveat } from "./macaroon.js";
import { hasWireSchema, type WireSchema } from "./wire-check.js";

export { Caveat, type Caveat_Path as CaveatPath } from "../../proto/gen/macaroon.js";

/** What a caveat may hold; absent fields restrict nothing. */
export type CaveatInit = Parameters<typeof Caveat.fromPartial>[0];

const timeSchema: WireSchema = { 1: "varint", 2: "varint" };
const caveatSchema: WireSchema = {
  ...Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15].map((flag) => [flag, "varint" as const])),
  10: { 1: "bytes", 2: "bytes" },
  20: timeSchema,
  21: timeSchema,
  22: timeSchema,
  30: "bytes",
};

/** As picobuf writes it: ascending, zeros omitted, and with them Go's zero time. */
export function encodeCaveat(init: CaveatInit): Uint8Array {
  const caveat = Caveat.fromPartial(init);
  if (isZeroTime(caveat.notAfter)) caveat.notAfter = undefined;
  if (isZeroTime(caveat.notBefore)) caveat.notBefore = undefined;
  return Caveat.encode(caveat).finish();
}

/** `invalid-argument` for bytes that are no caveat. Times come out with 0 to 999 999 999 nanoseconds. */
export function decodeCaveat(bytes: Uint8Array): Caveat {
  if (!hasWireSchema(bytes, caveatSchema)) throw invalidCaveat();
  try {
    const caveat = Caveat.decode(bytes);
    caveat.notAfter = normalTime(caveat.notAfter);
    caveat.notBefore = normalTime(caveat.notBefore);
    return caveat;
  } catch (cause) {
    throw invalidCaveat(cause);
  }
}

/** Restricts a key, with 4 random bytes that tell equal restrictions apart unless `init` has a nonce. */
export function restrictApiKey(key: ApiKey, init: CaveatInit): ApiKey {
  return addCaveat(key, encodeCaveat({ nonce: randomBytes(4), ...init }));
}

/** All caveats of a key, decoded; `invalid-argument` when one is none. */
export function caveatsOf(key: ApiKey): Caveat[] {
  return key.caveats.map(decodeCaveat);
}

/** When the key expires: its earliest not_after in milliseconds, rounded down; undefined when it does not. */
export function expiryOf(key: ApiKey): number | undefined {
  let expiry: number | undefined;
  for (const { notAfter } of caveatsOf(key)) {
    if (notAfter === undefined) continue;
    const ms = notAfter.seconds * 1000 + Math.floor(notAfter.nanos / 1_000_000);
    if (expiry === undefined || ms < expiry) expiry = ms;
  }
  return expiry;
}

function normalTime<T extends Timestamp>(time: T | undefined): T | undefined {
  if (time === undefined) return undefined;
  const carry = Math.floor(time.nanos / 1_000_000_000);
  return { ...time, seconds: time.seconds + carry, nanos: time.nanos - carry * 1_000_000_000 };
}

function invalidCaveat(cause?: unknown): PosternError {
  return new PosternError("invalid-argument", "invalid caveat format", { cause });
}
