import { decodeBase58Check, encodeBase58Check } from "../bytes/base58check.js";
import { PosternError, toPosternError } from "../errors.js";
import { type Macaroon, newMacaroon, parseMacaroon, serializeMacaroon } from "./macaroon.js";

/** An API key is a macaroon whose caveats are `macaroon.Caveat` messages. */
export type ApiKey = Macaroon;

/** Base58check text with version 0; `invalid-argument` otherwise. The text is never part of the error. */
export function parseApiKey(text: string): ApiKey {
  let decoded: { payload: Uint8Array; version: number };
  try {
    decoded = decodeBase58Check(text);
  } catch (error) {
    throw toPosternError(error, "invalid-argument", "invalid API key format");
  }
  if (decoded.version !== 0) throw new PosternError("invalid-argument", "invalid API key format");
  return parseMacaroon(decoded.payload);
}

/** As in request headers and grants. */
export function parseApiKeyBytes(raw: Uint8Array): ApiKey {
  return parseMacaroon(raw);
}

export function apiKeyBytes(key: ApiKey): Uint8Array {
  return serializeMacaroon(key);
}

export function apiKeyText(key: ApiKey): string {
  return encodeBase58Check(serializeMacaroon(key), 0);
}

/** A fresh unrestricted key; the satellite keeps the secret with the head. */
export function newApiKey(secret: Uint8Array): ApiKey {
  return newMacaroon(secret);
}
