import type { Caveat, CaveatInit } from "../../core/access/caveat.js";
import { fromHex, toHex } from "../../core/bytes/bytes.js";

interface TimeVector {
  seconds: number;
  nanos: number;
}

/** A caveat in the vectors: absent fields are false or unset. */
export interface CaveatVector {
  allowedPaths?: { bucket: string; encryptedPathPrefix: string }[];
  notAfter?: TimeVector;
  notBefore?: TimeVector;
  maxObjectTtlNanos?: string;
  nonce?: string;
  [flag: string]: unknown;
}

const timeOf = (time: TimeVector | undefined) => time && { seconds: time.seconds, nanos: time.nanos };

export function caveatOfVector(vector: CaveatVector): CaveatInit {
  const { allowedPaths, notAfter, notBefore, maxObjectTtlNanos, nonce, ...flags } = vector;
  const ttl = maxObjectTtlNanos === undefined ? undefined : BigInt(maxObjectTtlNanos);
  const second = 1_000_000_000n;
  return {
    ...flags,
    allowedPaths: allowedPaths?.map(({ bucket, encryptedPathPrefix }) => ({
      bucket: fromHex(bucket),
      encryptedPathPrefix: fromHex(encryptedPathPrefix),
    })),
    notAfter: timeOf(notAfter),
    notBefore: timeOf(notBefore),
    // Both parts have the sign of the whole, as in Go.
    maxObjectTtl: ttl === undefined ? undefined : { seconds: Number(ttl / second), nanos: Number(ttl % second) },
    nonce: nonce === undefined ? undefined : fromHex(nonce),
  };
}

/** What is set in a caveat, in a form to compare. */
export function vectorOfCaveat(caveat: Caveat | CaveatInit): Record<string, unknown> {
  const set: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(caveat)) {
    if (name === "_unknownFields" || value === undefined || value === false) continue;
    if (value instanceof Uint8Array) {
      if (value.length > 0) set[name] = toHex(value);
    } else if (Array.isArray(value)) {
      if (value.length > 0) set[name] = value.map(vectorOfCaveat);
    } else set[name] = typeof value === "object" ? vectorOfCaveat(value) : value;
  }
  return set;
}
