/**
 * A storage node and a satellite's signatures for the Go tests: node.js DIR. Prints one line of JSON (the node's URL,
 * a folder with the satellite's identity, a piece key, and order limits signed by the satellite), serves until its
 * input ends, and prints the node's stats for each line of it and in the end.
 */
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { toHex } from "../../core/bytes/bytes.js";
import { timestampOfMillis } from "../../core/bytes/timestamp.js";
import { createIdentity } from "../../core/identity/identity.js";
import { readOrCreateIdentity } from "../../core/identity/identity-files.js";
import { nodeUrlText } from "../../core/identity/node-url.js";
import { newPieceKey } from "../../core/identity/piece-key.js";
import { newSerialNumber } from "../../core/identity/serial-number.js";
import { signOrder, signOrderLimit, signPieceHashAsNode, signPieceHashAsUplink } from "../../core/identity/signing.js";
import { startStorageNode } from "../../network/storagenode/index.js";
import { Order, OrderLimit, PieceAction, PieceHash } from "../../proto/gen/orders.js";

const dir = process.argv[2] ?? "";
const satellite = await readOrCreateIdentity(join(dir, "satellite"), { difficulty: 10 });
const identity = await createIdentity();
const node = await startStorageNode({
  dir: join(dir, "node"),
  identity,
  // Nobody listens there: the node knows the satellite's certificates, and checks in in vain.
  satellites: [{ id: satellite.nodeId, address: "127.0.0.1:1", chain: satellite.chain }],
  durable: false,
  reserveBytes: 0,
  retainSkewMs: 0,
});
const key = newPieceKey();

const hour = 3_600_000;

function limitFor(
  action: PieceAction,
  pieceId: Uint8Array,
  limit: number,
  fields: Partial<OrderLimit> = {},
  now = Date.now(),
): OrderLimit {
  return signOrderLimit(
    OrderLimit.create({
      serialNumber: newSerialNumber(now + 86_400_000),
      satelliteId: satellite.nodeId,
      storageNodeId: identity.nodeId,
      pieceId,
      limit,
      action,
      orderCreation: timestampOfMillis(now),
      orderExpiration: timestampOfMillis(now + 86_400_000),
      uplinkPublicKey: key.publicKey,
      encryptedMetadata: randomBytes(20),
      ...fields,
    }),
    satellite,
  );
}

function hexOf(limit: OrderLimit): string {
  return toHex(OrderLimit.encode(limit).finish());
}

const pieces = [1, 1000, 64 * 1024, 300_000, 2_319_360].flatMap((size) =>
  [0, 1].map((algorithm) => {
    const pieceId = randomBytes(32);
    const put = hexOf(limitFor(PieceAction.PUT, pieceId, size));
    const [get, again] = [1, 2].map(() => hexOf(limitFor(PieceAction.GET, pieceId, size)));
    return { size, algorithm, put, get, again, repair: hexOf(limitFor(PieceAction.GET_REPAIR, pieceId, size)) };
  }),
);
const limit = limitFor(PieceAction.PUT, randomBytes(32), 1000);
const order = signOrder(Order.create({ serialNumber: limit.serialNumber, amount: 900 }), key.privateKey);
const hash = PieceHash.create({
  pieceId: limit.pieceId,
  hash: randomBytes(32),
  pieceSize: 900,
  timestamp: limit.orderCreation,
  hashAlgorithm: 1,
});
const signed = {
  chain: toHex(Buffer.concat(satellite.chain)),
  limit: hexOf(limit),
  order: toHex(Order.encode(order).finish()),
  uplinkHash: toHex(PieceHash.encode(signPieceHashAsUplink(hash, key.privateKey)).finish()),
  nodeHash: toHex(PieceHash.encode(signPieceHashAsNode(hash, satellite)).finish()),
};
// Limits that the node must refuse, all for pieces of 1000 bytes.
const put = (fields: Partial<OrderLimit>, now?: number) =>
  hexOf(limitFor(PieceAction.PUT, randomBytes(32), 1000, fields, now));
const refused = {
  expired: put({ orderExpiration: timestampOfMillis(Date.now() - 49 * hour) }),
  expiredPiece: put({ pieceExpiration: timestampOfMillis(Date.now() - 49 * hour) }),
  old: put({}, Date.now() - 2 * hour),
  early: put({}, Date.now() + 2 * hour),
  otherNode: put({ storageNodeId: satellite.nodeId }),
  otherSatellite: put({ satelliteId: identity.nodeId }),
  forged: hexOf({ ...limitFor(PieceAction.PUT, randomBytes(32), 1000), limit: 2000 }),
  large: put({ limit: 2 ** 50 }),
  missing: hexOf(limitFor(PieceAction.GET, randomBytes(32), 1000)),
};
const url = nodeUrlText({ id: node.nodeId, address: node.address });
console.log(
  JSON.stringify({ url, identity: join(dir, "satellite"), key: toHex(key.privateKey), pieces, signed, refused }),
);

for await (const _line of createInterface({ input: process.stdin })) console.log(JSON.stringify(node.stats()));
await node.stop({ graceMs: 1000 });
console.log(JSON.stringify(node.stats()));
