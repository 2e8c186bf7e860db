import test from "ava";
import fc from "fast-check";
import { apiKeyBytes, apiKeyText, newApiKey } from "../../../core/access/api-key.js";
import { decodeCaveat } from "../../../core/access/caveat.js";
import { newGrant, parseGrant, serializeGrant } from "../../../core/access/grant.js";
import { newMacaroon } from "../../../core/access/macaroon.js";
import { overrideEncryptionKey, type Permission, type SharePrefix, shareGrant } from "../../../core/access/share.js";
import { decodeBase58Check, encodeBase58Check } from "../../../core/bytes/base58check.js";
import { fromHex, toHex, utf8 } from "../../../core/bytes/bytes.js";
import type { Timestamp } from "../../../core/bytes/timestamp.js";
import { decryptPath, encryptPath } from "../../../core/crypto/path.js";
import { PosternError } from "../../../core/errors.js";
import { type CaveatVector, caveatOfVector, vectorOfCaveat } from "../../helpers/caveat-vector.js";
import { type StoreVector, storeOfVector, vectorOfStore } from "../../helpers/store-vector.js";
import { pattern, readVectors } from "../../helpers/vectors.js";

interface GrantVector {
  satelliteAddress: string;
  apiKey: { raw: string; text: string; head: string; tail: string; caveats: { bytes: string }[] };
  encryption: StoreVector;
}
interface PrefixVector {
  bucket: string;
  prefix: string;
}

const vectors = readVectors<{
  grants: {
    name: string;
    text: string;
    wire: {
      bytes: string;
      satelliteAddress: string;
      apiKey: string;
      encryptionAccess: { defaultKey: string; defaultPathCipher: number; storeEntries: StoreVector["entries"] };
    };
    parsed: GrantVector;
  }[];
  invalid: { why: string; text: string; error: string | null; parsed?: GrantVector }[];
  shareParents: { name: string; access: GrantVector; text: string }[];
  permissions: (Permission & {
    name: string;
    maxObjectTtlNanos?: string;
    notAfter?: Timestamp;
    notBefore?: Timestamp;
  })[];
  shares: {
    parent: string;
    permission: string;
    prefixes: PrefixVector[];
    error?: string | null;
    caveatWithNonce01020304?: { bytes: string; caveat: CaveatVector };
    apiKeyWithNonce01020304?: string;
    encryption?: StoreVector;
  }[];
  shareOfShare: { first: PrefixVector[]; second: PrefixVector; encryption?: StoreVector; error: string | null }[];
}>("access-grant");

const asVector = (grant: ReturnType<typeof parseGrant>) => ({
  satelliteAddress: grant.satelliteAddress,
  apiKey: toHex(apiKeyBytes(grant.apiKey)),
  encryption: vectorOfStore(grant.encryption),
});
const expected = (vector: GrantVector) => ({ ...vector, apiKey: vector.apiKey.raw });

test("grants: parsed", (t) => {
  for (const { name, text, wire, parsed } of vectors.grants) {
    const grant = parseGrant(text);
    t.deepEqual(asVector(grant), expected(parsed), name);
    t.is(toHex(decodeBase58Check(text).payload), wire.bytes, name);
    t.is(apiKeyText(grant.apiKey), parsed.apiKey.text, name);
    t.deepEqual(
      grant.apiKey.caveats.map(toHex),
      parsed.apiKey.caveats.map(({ bytes }) => bytes),
      name,
    );
  }
});

test("grants: serialised to the bytes that Go writes, before the store is limited", (t) => {
  for (const { name, wire } of vectors.grants) {
    const { defaultKey, defaultPathCipher, storeEntries } = wire.encryptionAccess;
    const text = serializeGrant({
      satelliteAddress: wire.satelliteAddress,
      apiKey: parseGrant(vectors.grants.find((grant) => grant.name === name)!.text).apiKey,
      encryption: storeOfVector({
        defaultKey: defaultKey === "" ? null : defaultKey,
        defaultPathCipher,
        encryptionBypass: false,
        entries: storeEntries,
      }),
    });
    t.is(toHex(decodeBase58Check(text).payload), wire.bytes, name);
  }
});

test("grants: come back from their own text", (t) => {
  for (const { name, text } of vectors.grants) {
    const grant = parseGrant(text);
    t.deepEqual(asVector(parseGrant(serializeGrant(grant))), asVector(grant), name);
  }
});

test("invalid: refused without repeating the text, or accepted as in Go", (t) => {
  for (const { why, text, error, parsed } of vectors.invalid) {
    if (error === null) {
      t.deepEqual(asVector(parseGrant(text)), expected(parsed!), why);
      continue;
    }
    const thrown = t.throws(() => parseGrant(text), { code: "invalid-grant" }, why);
    if (text.length > 12) t.false(`${thrown?.stack} ${thrown?.cause}`.includes(text.slice(0, 12)), why);
  }
});

test("shareParents: their text has all but the bypass flag", (t) => {
  for (const { name, access, text } of vectors.shareParents) {
    const encryption = { ...access.encryption, encryptionBypass: false };
    t.deepEqual(asVector(parseGrant(text)), { ...expected(access), encryption }, name);
  }
});

function parentOf(name: string) {
  const { access, text } = vectors.shareParents.find((parent) => parent.name === name)!;
  return { ...parseGrant(text), encryption: storeOfVector(access.encryption) };
}

function permissionOf(name: string): Permission {
  const { name: _, maxObjectTtlNanos, ...permission } = vectors.permissions.find((vector) => vector.name === name)!;
  if (maxObjectTtlNanos === undefined) return permission;
  return { ...permission, maxObjectTtlMs: Number(BigInt(maxObjectTtlNanos) / 1_000_000n) };
}

const prefixOf = ({ bucket, prefix }: PrefixVector): SharePrefix => ({
  bucket: fromHex(bucket),
  prefix: fromHex(prefix),
});
const nonce = fromHex("01020304");

test("shares", (t) => {
  for (const share of vectors.shares) {
    const attempt = () =>
      shareGrant(parentOf(share.parent), permissionOf(share.permission), share.prefixes.map(prefixOf), nonce);
    const why = JSON.stringify([share.parent, share.permission, share.prefixes]);
    if (share.caveatWithNonce01020304 === undefined) {
      const code = share.error!.startsWith("missing encryption base") ? "permission-denied" : "invalid-argument";
      t.throws(attempt, { code }, why);
      continue;
    }
    const shared = attempt();
    const { bytes, caveat } = share.caveatWithNonce01020304;
    t.is(toHex(shared.apiKey.caveats.at(-1)!), bytes, why);
    t.deepEqual(vectorOfCaveat(decodeCaveat(fromHex(bytes))), vectorOfCaveat(caveatOfVector(caveat)), why);
    t.is(toHex(apiKeyBytes(shared.apiKey)), share.apiKeyWithNonce01020304!, why);
    t.deepEqual(vectorOfStore(shared.encryption), share.encryption!, why);
    t.is(shared.satelliteAddress, parentOf(share.parent).satelliteAddress);
  }
});

test("shareOfShare", (t) => {
  const permission = permissionOf("readList");
  for (const { first, second, encryption, error } of vectors.shareOfShare) {
    const once = shareGrant(parentOf("aesgcm"), permission, first.map(prefixOf));
    const twice = () => shareGrant(once, permission, [prefixOf(second)]);
    if (error !== null) t.throws(twice, { code: "permission-denied" });
    else t.deepEqual(vectorOfStore(twice().encryption), encryption!);
  }
});

test("overrideEncryptionKey: the grant that uplink makes", (t) => {
  const vector = vectors.shareParents.find((parent) => parent.name === "aesgcm+photosKey")!;
  const [entry] = vector.access.encryption.entries;
  const override = (prefix: string) => overrideEncryptionKey(parentOf("aesgcm"), "bucket", prefix, fromHex(entry!.key));
  t.is(serializeGrant(override("photos/")), vector.text);
  t.throws(() => override("photos"), { code: "invalid-argument" });
});

const rootKey = new Uint8Array(32).map((_, i) => 0xa0 + i);
const satelliteAddress = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S@127.0.0.1:7777";

test("newGrant: the example of the format notes", (t) => {
  const apiKey = newMacaroon(
    new Uint8Array(32).map((_, i) => i + 1),
    new Uint8Array(32).map((_, i) => 0x40 + i),
  );
  const grant = newGrant({ satelliteAddress, apiKey, rootKey });
  const text =
    "12edqrJ73K4ZJ75v3FAb5sWyvrfK5GWzWcUtpRsJ9ZzwCxbTTVZba3R13CBGXFEtxn1ENp5xcThVrfMm15zWXyyYgoJ74GxN1NKGEfgHdF7EQR5Gbq5rGp2eYQ3Fi3sCJtrTZiCGkphZExodht53nrvCyjHjycEVuei4iXpYFxJXDUoRKc34JnaqFAhLY3SwxGEKdcz73rs1KxjFSG1optcFbEGhhr7TaLkhyA5FE6pcw5obTMGaAVmELFJ";
  t.is(serializeGrant(grant), text);
  t.is(serializeGrant(newGrant({ satelliteAddress, apiKey: apiKeyText(apiKey), rootKey })), text);
  t.is(newGrant({ satelliteAddress, apiKey, rootKey, pathCipher: 1 }).encryption.defaultPathCipher, 1);
  t.throws(() => newGrant({ satelliteAddress: "", apiKey, rootKey }), { code: "invalid-argument" });
  t.throws(() => newGrant({ satelliteAddress, apiKey, rootKey: rootKey.subarray(1) }), { code: "invalid-argument" });
});

test("a shared grant encrypts as its parent does, below its prefixes and nowhere else", (t) => {
  const component = fc.string({ minLength: 1, maxLength: 4 }).map((text) => text.replaceAll("/", "-"));
  const parent = newGrant({ satelliteAddress, apiKey: newApiKey(pattern("secret", 32)), rootKey });
  const bucket = utf8("b");
  fc.assert(
    fc.property(
      fc.array(component, { maxLength: 3 }),
      fc.array(component, { minLength: 1, maxLength: 3 }),
      (above, below) => {
        const prefix = above.map((part) => `${part}/`).join("");
        const shared = parseGrant(serializeGrant(shareGrant(parent, { allowList: true }, [{ bucket: "b", prefix }])));
        const key = utf8(prefix + below.join("/"));
        const encrypted = encryptPath(parent.encryption, bucket, key);
        t.deepEqual(encryptPath(shared.encryption, bucket, key), encrypted);
        t.deepEqual(decryptPath(shared.encryption, bucket, encrypted), key);
        t.throws(() => encryptPath(shared.encryption, utf8("other"), key), { code: "permission-denied" });
      },
    ),
    { numRuns: 50 },
  );
});

test("hostile text: a grant or invalid-grant", (t) => {
  const valid = vectors.grants.map(({ text }) => decodeBase58Check(text).payload);
  const longest = valid.reduce((a, b) => (a.length > b.length ? a : b));
  for (let length = 0; length < longest.length; length++) {
    const cut = encodeBase58Check(longest.subarray(0, length));
    t.throws(() => parseGrant(cut), { code: "invalid-grant" }, `${length}`);
  }
  const anything = fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .tuple(fc.constantFrom(...valid), fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 }))
      .map(([bytes, at, noise]) => {
        const copy = bytes.slice();
        copy.set(noise.subarray(0, copy.length - (at % copy.length)), at % copy.length);
        return copy;
      }),
  );
  fc.assert(
    fc.property(anything, (bytes) => {
      try {
        parseGrant(encodeBase58Check(bytes));
      } catch (error) {
        t.true(error instanceof PosternError && error.code === "invalid-grant", String(error));
      }
    }),
    { numRuns: 500 },
  );
  t.throws(() => parseGrant("1".repeat(100_000)), { code: "invalid-grant" });
  t.throws(() => parseGrant("2".repeat(3_000_000)), { code: "invalid-grant" });
});
