import test from "ava";
import { fromHex, toHex } from "../../../core/bytes/bytes.js";
import { goZeroSeconds } from "../../../core/bytes/timestamp.js";
import { loadIdentity } from "../../../core/identity/identity.js";
import {
  orderLimitSigningBytes,
  orderSigningBytes,
  pieceHashSigningBytes,
  signOrder,
  signOrderLimit,
  signPieceHashAsNode,
  signPieceHashAsUplink,
  verifyNodePieceHash,
  verifyOrder,
  verifyOrderLimit,
  verifyUplinkPieceHash,
} from "../../../core/identity/signing.js";
import { Order, OrderLimit, PieceHash } from "../../../proto/gen/orders.js";
import { leafKeyOf, vectors } from "./vectors.js";

const pieceKey = {
  privateKey: fromHex(vectors.pieceKey.privateKey),
  publicKey: fromHex(vectors.pieceKey.publicKey),
};

test("orderLimits: signing bytes of the fields and of the wire message, and the signature", (t) => {
  for (const { why, fields, message, ...vector } of vectors.orderLimits) {
    const made = OrderLimit.fromPartial({
      serialNumber: fromHex(fields.serialNumber),
      satelliteId: fromHex(fields.satelliteId),
      storageNodeId: fromHex(fields.storageNodeId),
      pieceId: fromHex(fields.pieceId),
      limit: Number(fields.limit),
      action: fields.action,
      pieceExpiration: fields.pieceExpiration ?? undefined,
      orderExpiration: fields.orderExpiration ?? undefined,
      orderCreation: fields.orderCreation ?? undefined,
      uplinkPublicKey: fromHex(fields.uplinkPublicKey),
      encryptedMetadataKeyId: fromHex(fields.encryptedMetadataKeyId),
      encryptedMetadata: fromHex(fields.encryptedMetadata),
    });
    if (fields.unrecognized === "") t.is(toHex(orderLimitSigningBytes(made)), vector.signingBytes, why);
    const received = OrderLimit.decode(fromHex(message));
    t.is(toHex(orderLimitSigningBytes(received)), vector.signingBytesAfterWireRoundTrip, why);
    t.is(toHex(received.satelliteSignature), vector.signature);
    t.is(verifyOrderLimit(received, leafKeyOf(vector.signerNodeId)), vector.verifiesAfterWireRoundTrip, why);
  }
});

test("orderLimitsVerify", (t) => {
  for (const { why, message, signerNodeId, valid } of vectors.orderLimitsVerify) {
    t.is(verifyOrderLimit(OrderLimit.decode(fromHex(message)), leafKeyOf(signerNodeId)), valid, why);
  }
});

test("zero times are not signed, but 1970 is", (t) => {
  const bytesOf = (seconds: number) =>
    toHex(orderLimitSigningBytes(OrderLimit.fromPartial({ pieceExpiration: { seconds, nanos: 0 } })));
  t.is(bytesOf(goZeroSeconds), toHex(orderLimitSigningBytes(OrderLimit.fromPartial({}))));
  t.true(bytesOf(0).endsWith("4200"));
});

test("a zero deprecated uplink id is left out of the signed bytes", (t) => {
  const limit = OrderLimit.fromPartial({ deprecatedUplinkId: new Uint8Array(32) });
  t.is(toHex(orderLimitSigningBytes(limit)), toHex(orderLimitSigningBytes(OrderLimit.fromPartial({}))));
});

test("our signature of a limit verifies", (t) => {
  const { identityChainPem, identityKeyPem, nodeId } = vectors.identities[0]!;
  const satellite = loadIdentity(identityChainPem, identityKeyPem);
  const unsigned = OrderLimit.decode(fromHex(vectors.orderLimits[0]!.message));
  const signed = signOrderLimit({ ...unsigned, limit: 7 }, satellite);
  t.true(verifyOrderLimit(OrderLimit.decode(OrderLimit.encode(signed).finish()), leafKeyOf(nodeId)));
  t.false(verifyOrderLimit({ ...signed, limit: 8 }, leafKeyOf(nodeId)));
  t.false(verifyOrderLimit({ ...signed, pieceId: new Uint8Array(31) }, leafKeyOf(nodeId)));
});

test("orders: signing bytes, and the same signature as Go's", (t) => {
  for (const { amount, serialNumber, signingBytes, signature, message } of vectors.orders) {
    if (!Number.isSafeInteger(Number(amount))) {
      // 64-bit amounts are numbers here. Such an order (4 exabytes) is refused, never signed wrongly.
      t.throws(() => Order.decode(fromHex(message)), { message: /MAX_SAFE_INTEGER/ });
      continue;
    }
    const order = Order.fromPartial({ serialNumber: fromHex(serialNumber), amount: Number(amount) });
    t.is(toHex(orderSigningBytes(order)), signingBytes);
    const signed = signOrder(order, pieceKey.privateKey);
    t.is(toHex(signed.uplinkSignature), signature);
    t.is(toHex(Order.encode(signed).finish()), message);
    t.true(verifyOrder(Order.decode(fromHex(message)), pieceKey.publicKey));
  }
});

test("ordersVerify", (t) => {
  for (const { why, message, publicKey, valid } of vectors.ordersVerify) {
    t.is(verifyOrder(Order.decode(fromHex(message)), fromHex(publicKey)), valid, why);
  }
});

test("pieceHashes: signing bytes and both signatures", (t) => {
  for (const { why, fields, nodeId, ...vector } of vectors.pieceHashes) {
    const hash = PieceHash.fromPartial({
      pieceId: fromHex(fields.pieceId),
      hash: fromHex(fields.hash),
      hashAlgorithm: fields.hashAlgorithm,
      pieceSize: Number(fields.pieceSize),
      timestamp: fields.timestamp ?? undefined,
    });
    t.is(toHex(pieceHashSigningBytes(hash)), vector.signingBytes, why);
    t.is(toHex(signPieceHashAsUplink(hash, pieceKey.privateKey).signature), vector.uplinkSignature, why);
    const fromUplink = PieceHash.decode(fromHex(vector.uplinkMessage));
    t.true(verifyUplinkPieceHash(fromUplink, pieceKey.publicKey), why);
    const fromNode = PieceHash.decode(fromHex(vector.nodeMessage));
    t.is(toHex(fromNode.signature), vector.nodeSignature);
    t.true(verifyNodePieceHash(fromNode, leafKeyOf(nodeId)), why);
    t.false(verifyNodePieceHash(fromUplink, leafKeyOf(nodeId)), why);
    t.false(verifyUplinkPieceHash(fromNode, pieceKey.publicKey), why);
    const { identityChainPem, identityKeyPem } = vectors.identities.find((one) => one.nodeId === nodeId)!;
    t.true(
      verifyNodePieceHash(signPieceHashAsNode(hash, loadIdentity(identityChainPem, identityKeyPem)), leafKeyOf(nodeId)),
    );
  }
});

test("pieceHashesVerify", (t) => {
  for (const { why, nodeId, ...vector } of vectors.pieceHashesVerify) {
    const fromNode = PieceHash.decode(fromHex(vector.nodeMessage));
    t.is(verifyNodePieceHash(fromNode, leafKeyOf(nodeId)), vector.nodeValid, why);
    const fromUplink = PieceHash.decode(fromHex(vector.uplinkMessage));
    t.is(verifyUplinkPieceHash(fromUplink, pieceKey.publicKey), vector.uplinkValid, why);
  }
});
