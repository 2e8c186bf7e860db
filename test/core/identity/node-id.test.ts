import test from "ava";
import { fromHex, toHex } from "../../../core/bytes/bytes.js";
import { difficultyOf, nodeIdOfCaKey, nodeIdText, parseNodeId, sameNode } from "../../../core/identity/node-id.js";
import { readVectors } from "../../helpers/vectors.js";
import { vectors } from "./vectors.js";

const base58 = readVectors<{
  nodeIds: { bytes: string; text: string; difficulty?: number; difficultyError?: string }[];
  nodeIdsInvalid: { why: string; text: string; error: string | null; bytes?: string }[];
}>("base58check");

test("ids of CA keys, their text and their difficulty", (t) => {
  for (const identity of vectors.identities) {
    const id = nodeIdOfCaKey(fromHex(identity.caPublicKeyPkix));
    t.is(toHex(id), identity.nodeIdBytes);
    t.is(nodeIdText(id), identity.nodeId);
    t.deepEqual(parseNodeId(identity.nodeId), new Uint8Array(id));
    t.is(difficultyOf(id), identity.difficulty);
  }
});

test("nodeIds: text and difficulty", (t) => {
  for (const { bytes, text, difficulty, difficultyError } of base58.nodeIds) {
    t.is(nodeIdText(fromHex(bytes)), text);
    t.is(toHex(parseNodeId(text)), bytes);
    if (difficultyError) t.throws(() => difficultyOf(fromHex(bytes)));
    else t.is(difficultyOf(fromHex(bytes)), difficulty!);
  }
});

test("nodeIdsInvalid: refuses and accepts what Go does", (t) => {
  for (const { why, text, error, bytes } of base58.nodeIdsInvalid) {
    if (error === null) t.is(toHex(parseNodeId(text)), bytes!, why);
    else t.throws(() => parseNodeId(text), { code: "invalid-argument" }, why);
  }
});

test("an unknown identity version has no id", (t) => {
  t.throws(() => nodeIdOfCaKey(fromHex(vectors.identities[0]!.caPublicKeyPkix), 1), { code: "protocol-error" });
});

test("a zero id has no difficulty", (t) => {
  t.throws(() => difficultyOf(new Uint8Array(32)), { code: "invalid-argument" });
});

test("ids are the same node when only their version differs", (t) => {
  const id = fromHex(vectors.identities[0]!.nodeIdBytes);
  const other = Uint8Array.from(id);
  other[31] = 7;
  t.true(sameNode(id, other));
  other[30]! ^= 1;
  t.false(sameNode(id, other));
  t.false(sameNode(id, id.subarray(0, 31)));
});
