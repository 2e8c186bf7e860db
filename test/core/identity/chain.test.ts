import { createPublicKey } from "node:crypto";
import test from "ava";
import { concatBytes, fromHex, toHex } from "../../../core/bytes/bytes.js";
import { createCertificate } from "../../../core/identity/certificate.js";
import { splitCertificates, verifyChain } from "../../../core/identity/chain.js";
import { createAuthority, createIdentity, issueIdentity } from "../../../core/identity/identity.js";
import { nodeIdText } from "../../../core/identity/node-id.js";
import { hashAndVerify } from "../../../core/identity/signature.js";
import { rsaCa, rsaLeaf, rsaNodeId } from "./rsa-chain.js";
import { vectors } from "./vectors.js";

test("chains: valid and invalid ones", (t) => {
  for (const { why, chainDer, chainValid, nodeId } of vectors.chains) {
    const chain = chainDer.map(fromHex);
    if (chainValid) t.is(nodeIdText(verifyChain(chain).nodeId), nodeId, why);
    else t.throws(() => verifyChain(chain), { code: "unauthenticated" }, why);
  }
});

test("identities: id and leaf key of each chain", (t) => {
  for (const identity of vectors.identities) {
    const { nodeId, leafKey } = verifyChain([fromHex(identity.leafDer), fromHex(identity.caDer)]);
    t.is(toHex(nodeId), identity.nodeIdBytes);
    t.is(toHex(leafKey.export({ type: "spki", format: "der" })), identity.leafPublicKeyPkix);
  }
});

test("a chain with RSA-PSS signatures is as good", (t) => {
  const chain = [Buffer.from(rsaLeaf, "base64"), Buffer.from(rsaCa, "base64")];
  const { nodeId, leafKey } = verifyChain(chain);
  t.is(nodeIdText(nodeId), rsaNodeId);
  t.is(leafKey.asymmetricKeyType, "rsa");
  const forged = Buffer.from(chain[0]!);
  forged[forged.length - 1]! ^= 1;
  t.throws(() => verifyChain([forged, chain[1]!]), { code: "unauthenticated" });
});

test("rsaSignature: RSA-PSS of an identity's key", (t) => {
  const { data, publicKeyPkix, signature } = vectors.rsaSignature;
  const key = createPublicKey({ key: Buffer.from(fromHex(publicKeyPkix)), format: "der", type: "spki" });
  t.true(hashAndVerify(fromHex(data), fromHex(signature), key));
  t.false(hashAndVerify(fromHex(`${data}00`), fromHex(signature), key));
});

test("a chain needs a CA", async (t) => {
  const { chain } = await createIdentity();
  t.throws(() => verifyChain([]), { code: "unauthenticated" });
  t.throws(() => verifyChain(chain.slice(0, 1)), { code: "unauthenticated" });
});

test("a leaf can not act as a CA", async (t) => {
  const { privateKey, chain } = await createIdentity();
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  const byLeaf = createCertificate({ kind: "leaf", spki }, privateKey);
  const selfSigned = createCertificate({ kind: "leaf", spki }, privateKey);
  t.throws(() => verifyChain([byLeaf, selfSigned]), { message: /not a certificate authority/ });
  t.throws(() => verifyChain([byLeaf, ...chain]), { message: /not a certificate authority/ });
});

test("a flipped bit anywhere is noticed", async (t) => {
  const { chain } = await createIdentity();
  for (const which of [0, 1]) {
    for (let i = 0; i < chain[which]!.length; i += 7) {
      const bad = chain.map((one) => Uint8Array.from(one));
      bad[which]![i]! ^= 0x10;
      t.throws(() => verifyChain(bad), undefined, `byte ${i} of certificate ${which}`);
    }
  }
});

test("nothing may follow a certificate, so that a chain has one reading", async (t) => {
  const authority = await createAuthority();
  const [leaf, ca] = issueIdentity(authority).chain;
  const [other] = issueIdentity(authority).chain;
  verifyChain([leaf!, ca!]);
  t.throws(() => verifyChain([concatBytes(leaf!, other!), ca!]), { code: "protocol-error" });
});

test("concatenated certificates are cut apart", async (t) => {
  const { chain } = await createIdentity();
  const parts = splitCertificates(concatBytes(...chain));
  t.deepEqual(parts.map(toHex), chain.map(toHex));
  t.deepEqual(splitCertificates(new Uint8Array(0)), []);
  t.throws(() => splitCertificates(concatBytes(...chain).subarray(0, -1)), { code: "protocol-error" });
  t.throws(() => splitCertificates(fromHex("0500")), { code: "protocol-error" });
  t.throws(() => splitCertificates(concatBytes(...Array.from({ length: 9 }, () => chain[0]!))), {
    code: "protocol-error",
  });
});
