import { createPrivateKey, createPublicKey } from "node:crypto";
import { stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { fromHex, toHex } from "../../../core/bytes/bytes.js";
import { certificateTbs, parseCertificate } from "../../../core/identity/certificate.js";
import { verifyChain } from "../../../core/identity/chain.js";
import { readDer, readDerList } from "../../../core/identity/der.js";
import {
  createAuthority,
  createIdentity,
  identityPem,
  issueIdentity,
  loadIdentity,
} from "../../../core/identity/identity.js";
import { readIdentity, readOrCreateIdentity, writeIdentity } from "../../../core/identity/identity-files.js";
import { difficultyOf } from "../../../core/identity/node-id.js";
import { privateKeyFromPem } from "../../../core/identity/pem.js";
import { hashAndSign, hashAndVerify } from "../../../core/identity/signature.js";
import { tempDir } from "../../helpers/temp-dir.js";
import { vectors } from "./vectors.js";

test("certificates are byte for byte those of Go's templates", (t) => {
  for (const identity of vectors.identities) {
    for (const [kind, hex] of [
      ["ca", identity.caDer],
      ["leaf", identity.leafDer],
    ] as const) {
      const { tbs, spki } = parseCertificate(fromHex(hex));
      const serialNumber = readDerList(readDer(tbs).content)[1]!.content;
      t.is(toHex(certificateTbs({ kind, spki, serialNumber })), toHex(tbs));
    }
  }
});

test("identities made by Go load, and are written as Go writes them", (t) => {
  for (const { identityChainPem, identityKeyPem, nodeIdBytes, leafDer, caDer } of vectors.identities) {
    const identity = loadIdentity(identityChainPem, identityKeyPem);
    t.is(toHex(identity.nodeId), nodeIdBytes);
    t.deepEqual(identity.chain.map(toHex), [leafDer, caDer]);
    t.deepEqual(identityPem(identity), { cert: identityChainPem, key: identityKeyPem });
    const data = fromHex("00ff");
    t.true(hashAndVerify(data, hashAndSign(data, identity.privateKey), verifyChain(identity.chain).leafKey));
  }
});

test("keys of old identities (EC PRIVATE KEY) load", (t) => {
  const { identityChainPem, identityKeyPem, nodeIdBytes } = vectors.identities[0]!;
  const sec1 = createPrivateKey(identityKeyPem).export({ type: "sec1", format: "pem" }) as string;
  t.regex(sec1, /BEGIN EC PRIVATE KEY/);
  t.is(toHex(loadIdentity(identityChainPem, sec1).nodeId), nodeIdBytes);
});

test("another identity's key, no key and a broken key are refused, and never quoted", (t) => {
  const [one, two] = vectors.identities;
  t.throws(() => loadIdentity(one!.identityChainPem, two!.identityKeyPem), { code: "invalid-argument" });
  t.throws(() => loadIdentity(one!.identityChainPem, ""), { code: "invalid-argument" });
  t.throws(() => loadIdentity(one!.identityChainPem, one!.identityChainPem), { code: "invalid-argument" });
  const broken = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
  const error = t.throws(() => privateKeyFromPem(broken), { code: "invalid-argument" });
  t.is(error?.cause, undefined);
});

test("a new identity verifies and has its own keys", async (t) => {
  const identity = await createIdentity();
  const peer = verifyChain(identity.chain);
  t.deepEqual(peer.nodeId, identity.nodeId);
  t.is(identity.nodeId.length, 32);
  t.is(identity.nodeId[31], 0);
  const spki = { type: "spki", format: "der" } as const;
  t.deepEqual(peer.leafKey.export(spki), createPublicKey(identity.privateKey).export(spki));
  t.notDeepEqual((await createIdentity()).nodeId, identity.nodeId);
});

test("a difficulty is reached", async (t) => {
  const identity = await createIdentity({ difficulty: 13 });
  t.true(difficultyOf(identity.nodeId) >= 13);
  t.deepEqual(verifyChain(identity.chain).nodeId, identity.nodeId);
});

test("a hopeless search can be given up", async (t) => {
  await t.throwsAsync(createIdentity({ difficulty: 200, signal: AbortSignal.timeout(5) }), {
    code: "deadline-exceeded",
  });
  await t.throwsAsync(createIdentity({ difficulty: -1 }), { code: "invalid-argument" });
});

test("an authority makes several leaves of one node", async (t) => {
  const authority = await createAuthority();
  const one = issueIdentity(authority);
  const two = issueIdentity(authority);
  t.deepEqual(one.nodeId, two.nodeId);
  t.notDeepEqual(one.chain[0], two.chain[0]);
  t.deepEqual(verifyChain(two.chain).nodeId, authority.nodeId);
});

test("an identity is kept in a folder, the key for its owner only", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const path = join(dir.path, "node");
  await t.throwsAsync(readIdentity(path), { code: "not-found" });
  const made = await readOrCreateIdentity(path);
  const again = await readOrCreateIdentity(path);
  t.deepEqual(again.nodeId, made.nodeId);
  t.is((await stat(join(path, "identity.key"))).mode & 0o777, 0o600);
  t.is((await stat(join(path, "ca.key"))).mode & 0o777, 0o600);
  const other = await createIdentity();
  await writeIdentity(path, other);
  t.deepEqual((await readIdentity(path)).nodeId, other.nodeId);
  await writeFile(join(path, "identity.key"), "");
  await t.throwsAsync(readOrCreateIdentity(path), { code: "invalid-argument" }, "never replaces what is there");
});
