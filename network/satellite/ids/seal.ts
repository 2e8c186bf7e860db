import { createHmac, type KeyObject } from "node:crypto";
import { timingSafeEqualBytes } from "../../../core/bytes/bytes.js";

const signatureSize = 32;

/** Authenticates what clients carry from one call to another. */
export interface Seal {
  /** 32 bytes over the message, for one purpose and one project. */
  sign(purpose: string, projectId: Uint8Array, message: Uint8Array): Uint8Array;
  verify(purpose: string, projectId: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** A key of the satellite's own, made from its identity so that ids outlive a restart. */
export function sealOf(identityKey: KeyObject): Seal {
  const secret = identityKey.export({ type: "pkcs8", format: "der" });
  const key = createHmac("sha256", secret).update("postern satellite: stream and segment ids").digest();
  secret.fill(0);
  const sign = (purpose: string, projectId: Uint8Array, message: Uint8Array) =>
    createHmac("sha256", key).update(purpose).update(projectId).update(message).digest();
  return {
    sign,
    verify: (purpose, projectId, message, signature) =>
      timingSafeEqualBytes(sign(purpose, projectId, message), signature),
  };
}

/**
 * Splits a sealed id: the signature is its last field, so that the message before it is exactly what was signed.
 * Undefined when it does not end so.
 */
export function splitSealed(
  id: Uint8Array,
  signatureTag: number,
): { message: Uint8Array; signature: Uint8Array } | undefined {
  const at = id.length - signatureSize - 2;
  if (at < 0 || id[at] !== signatureTag || id[at + 1] !== signatureSize) return undefined;
  return { message: id.subarray(0, at), signature: id.subarray(at + 2) };
}

/** The message and its signature as one message more. `signatureTag` is the field's key (number << 3 | 2). */
export function joinSealed(message: Uint8Array, signatureTag: number, signature: Uint8Array): Uint8Array {
  const id = new Uint8Array(message.length + 2 + signatureSize);
  id.set(message);
  id[message.length] = signatureTag;
  id[message.length + 1] = signatureSize;
  id.set(signature, message.length + 2);
  return id;
}
