import test from "ava";
import { fromHex, toHex } from "../../../core/bytes/bytes.js";
import { nodeIdText } from "../../../core/identity/node-id.js";
import { knownNodeId, nodeUrlText, parseNodeUrl } from "../../../core/identity/node-url.js";
import { vectors } from "./vectors.js";

test("nodeUrls: reads, refuses and writes what Go does", (t) => {
  for (const vector of vectors.nodeUrls) {
    if (vector.error !== null) {
      t.throws(() => parseNodeUrl(vector.text), { code: "invalid-argument" }, vector.text);
      continue;
    }
    const url = parseNodeUrl(vector.text);
    t.is(toHex(url.id ?? new Uint8Array(0)), vector.idBytes, vector.text);
    t.is(url.address, vector.address, vector.text);
    t.is(url.noiseProto ?? 0, vector.noiseProto, vector.text);
    t.is(url.debounceLimit ?? 0, vector.debounceLimit, vector.text);
    t.is(String(url.features ?? 0n), vector.features, vector.text);
    t.is(nodeUrlText(url), vector.string, vector.text);
  }
});

test("nodeUrlNoise", (t) => {
  const vector = vectors.nodeUrlNoise;
  const url = {
    id: fromHex(vector.idBytes),
    address: vector.address,
    noiseProto: vector.noiseProto,
    noisePublicKey: fromHex(vector.noisePublicKey),
    debounceLimit: vector.debounceLimit,
    features: BigInt(vector.features),
  };
  t.is(nodeUrlText(url), vector.text);
  t.deepEqual(parseNodeUrl(vector.text), url);
});

test("knownNodeIds", (t) => {
  for (const { address, known, nodeId } of vectors.knownNodeIds) {
    const id = knownNodeId(address);
    t.is(id && nodeIdText(id), known ? nodeId : undefined, address);
  }
  t.is(knownNodeId("constructor"), undefined);
});
