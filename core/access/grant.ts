import type { EncryptionAccess } from "../../proto/gen/encryption_access.js";
import { Scope } from "../../proto/gen/scope.js";
import { decodeBase58Check, encodeBase58Check } from "../bytes/base58check.js";
import { CipherSuite } from "../crypto/cipher-suite.js";
import { createStore, type EncryptionStore } from "../crypto/encryption-store.js";
import { PosternError } from "../errors.js";
import { type ApiKey, apiKeyBytes, parseApiKey, parseApiKeyBytes } from "./api-key.js";
import { limitTo } from "./limit.js";
import { hasWireSchema, type WireSchema } from "./wire-check.js";

/** All that it takes to open a project: where, with what permissions, and with which keys. Immutable. */
export interface AccessGrant {
  /** Node URL, `id@host:port`; the id may be absent for well-known satellites. */
  readonly satelliteAddress: string;
  readonly apiKey: ApiKey;
  /** The keys, already reduced to what the API key permits. */
  readonly encryption: EncryptionStore;
}

export interface GrantInit {
  readonly satelliteAddress: string;
  readonly apiKey: ApiKey | string;
  /** Key of the whole project, from `deriveRootKey`. */
  readonly rootKey: Uint8Array;
  /** AES-GCM when absent; the null cipher for projects with readable object keys. */
  readonly pathCipher?: CipherSuite;
}

const parametersSchema: WireSchema = { 1: "varint", 2: "varint" };
const scopeSchema: WireSchema = {
  1: "bytes",
  2: "bytes",
  3: {
    1: "bytes",
    2: { 1: "bytes", 2: "bytes", 3: "bytes", 4: "bytes", 5: "varint", 6: parametersSchema },
    3: "varint",
    4: parametersSchema,
  },
};

/** A grant as uplink makes it of an API key and a root key. */
export function newGrant({ satelliteAddress, apiKey, rootKey, pathCipher }: GrantInit): AccessGrant {
  if (satelliteAddress === "") throw new PosternError("invalid-argument", "no satellite address");
  const key = typeof apiKey === "string" ? parseApiKey(apiKey) : apiKey;
  const store = createStore({ defaultKey: rootKey, defaultPathCipher: pathCipher ?? CipherSuite.AesGcm });
  return { satelliteAddress, apiKey: key, encryption: limitTo(store, key) };
}

/**
 * Whether a text claims to be a grant, and nothing else: base58check of version 0. It may still be a broken one
 * (storj/edge sharing/access.go isProductionAccessGrant).
 */
export function isGrantText(text: string): boolean {
  try {
    return decodeBase58Check(text).version === 0;
  } catch {
    // That it can not be decoded is the answer.
    return false;
  }
}

/**
 * Parses the text of a grant (storj/common grant/access.go ParseAccess). `invalid-grant` when it is none; neither the
 * text nor a key is part of the error. Serialising may give other text: the store is limited to what the key permits.
 */
export function parseGrant(text: string): AccessGrant {
  const { satelliteAddress, apiKey, store } = parts(text);
  return { satelliteAddress, apiKey, encryption: limitTo(store, apiKey) };
}

/** A grant without its keys: what registering it takes. Refuses what `parseGrant` refuses, for a fraction of its work. */
export function parseGrantHead(text: string): Pick<AccessGrant, "satelliteAddress" | "apiKey"> {
  const { satelliteAddress, apiKey } = parts(text);
  return { satelliteAddress, apiKey };
}

function parts(text: string): Pick<AccessGrant, "satelliteAddress" | "apiKey"> & { readonly store: EncryptionStore } {
  const scope = decodeScope(text);
  if (scope.satelliteAddr === "") throw invalid("access grant is missing the satellite address");
  // Go crashes on such a grant.
  if (scope.encryptionAccess === undefined) throw invalid("access grant is missing the encryption access");
  const apiKey = within("access grant has a malformed API key", () => parseApiKeyBytes(scope.apiKey));
  const store = within("access grant has a malformed encryption access", () => storeOf(scope.encryptionAccess!));
  return { satelliteAddress: scope.satelliteAddr, apiKey, store };
}

/** Text of a grant, for `parseGrant` here and in all other tools. */
export function serializeGrant(grant: AccessGrant): string {
  if (grant.satelliteAddress === "") throw new PosternError("invalid-argument", "no satellite address");
  const { defaultKey, defaultPathCipher, entries } = grant.encryption;
  const scope = Scope.fromPartial({
    satelliteAddr: grant.satelliteAddress,
    apiKey: apiKeyBytes(grant.apiKey),
    encryptionAccess: { defaultKey, defaultPathCipher, storeEntries: [...entries] },
  });
  return encodeBase58Check(Scope.encode(scope).finish(), 0);
}

function decodeScope(text: string): Scope {
  const { payload, version } = within("invalid access grant format", () => decodeBase58Check(text));
  if (version !== 0) throw invalid("invalid access grant format");
  if (!hasWireSchema(payload, scopeSchema)) throw invalid("invalid access grant content");
  return within("invalid access grant content", () => Scope.decode(payload));
}

function storeOf({ defaultKey, defaultPathCipher, storeEntries }: EncryptionAccess): EncryptionStore {
  return createStore({
    defaultKey: defaultKey.length > 0 ? defaultKey : undefined,
    // Grants from before the path cipher was part of them.
    defaultPathCipher: defaultPathCipher === CipherSuite.Unspecified ? CipherSuite.AesGcm : defaultPathCipher,
    entries: storeEntries,
  });
}

function within<T>(problem: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw invalid(problem, cause);
  }
}

function invalid(message: string, cause?: unknown): PosternError {
  return new PosternError("invalid-grant", message, { cause });
}
