import type { KeyObject } from "node:crypto";
import { concatBytes, toHex } from "../../../core/bytes/bytes.js";
import { splitCertificates, verifyChain } from "../../../core/identity/chain.js";
import { findChain, listNodes, type NodeRecord, updateContact, upsertChain, upsertNode } from "../data/nodes.js";
import { microsOfMillis } from "../data/times.js";
import type { Database } from "../db/queries.js";

/** The storage nodes that ever checked in, as the satellite knows them now. */
export interface NodeDirectory {
  all(): Iterable<NodeRecord>;
  get(id: Uint8Array): NodeRecord | undefined;
  /** Heard of within the online window, and not failed since. */
  isOnline(node: NodeRecord): boolean;
  /** Key that the node signs piece hashes with; undefined for a node that never checked in. */
  leafKey(id: Uint8Array): Promise<KeyObject | undefined>;
  /** Takes over a check-in. `chain` is what the node proved itself with: DER, leaf first. */
  checkIn(node: NodeRecord, chain: readonly Uint8Array[]): Promise<void>;
  /** Notes whether a ping was answered. */
  contact(id: Uint8Array, success: boolean): Promise<void>;
  /** From now on the node is given nothing, and what it holds does not count. For good. */
  disqualify(id: Uint8Array): Promise<void>;
  /** As if the node had never been: its machine is gone for good. False when there is no such node. */
  forget(id: Uint8Array): Promise<boolean>;
}

export async function createNodeDirectory(
  db: Database,
  onlineWindowMs: number,
  now: () => number,
): Promise<NodeDirectory> {
  const nodes = new Map<string, NodeRecord>();
  const leafKeys = new Map<string, KeyObject>();
  for (const node of await listNodes(db.read)) nodes.set(toHex(node.id), node);

  return {
    all: () => nodes.values(),
    get: (id) => nodes.get(toHex(id)),
    isOnline(node) {
      const fresh = node.lastContactSuccess > microsOfMillis(now() - onlineWindowMs);
      const gone = node.disqualified !== null || node.exitFinishedAt !== null;
      return fresh && !gone && node.lastContactSuccess >= node.lastContactFailure;
    },
    async leafKey(id) {
      const hex = toHex(id);
      const known = leafKeys.get(hex);
      if (known !== undefined) return known;
      const chain = await findChain(db.read, id);
      if (chain === undefined) return undefined;
      const { leafKey } = verifyChain(splitCertificates(chain));
      leafKeys.set(hex, leafKey);
      return leafKey;
    },
    async checkIn(checkedIn, chain) {
      const hex = toHex(checkedIn.id);
      const known = nodes.get(hex);
      const node: NodeRecord =
        known === undefined
          ? checkedIn
          : {
              ...checkedIn,
              createdAt: known.createdAt,
              disqualified: known.disqualified,
              exitFinishedAt: known.exitFinishedAt,
              lastContactSuccess: Math.max(checkedIn.lastContactSuccess, known.lastContactSuccess),
              lastContactFailure: Math.max(checkedIn.lastContactFailure, known.lastContactFailure),
            };
      await db.write(async (tx) => {
        await upsertNode(tx, node);
        await upsertChain(tx, node.id, concatBytes(...chain), microsOfMillis(now()));
      });
      nodes.set(hex, node);
      leafKeys.delete(hex);
    },
    async contact(id, success) {
      const hex = toHex(id);
      const node = nodes.get(hex);
      if (node === undefined) return;
      const at = microsOfMillis(now());
      const lastContactSuccess = success ? at : node.lastContactSuccess;
      const lastContactFailure = success ? node.lastContactFailure : at;
      nodes.set(hex, { ...node, lastContactSuccess, lastContactFailure });
      await db.write((tx) => updateContact(tx, id, lastContactSuccess, lastContactFailure));
    },
    async disqualify(id) {
      const node = nodes.get(toHex(id));
      if (node === undefined) return;
      const disqualified = microsOfMillis(now());
      await db.write((tx) => tx.run("UPDATE nodes SET disqualified = ? WHERE id = ?", [disqualified, id]));
      nodes.set(toHex(id), { ...(nodes.get(toHex(id)) ?? node), disqualified });
    },
    async forget(id) {
      const known = nodes.delete(toHex(id));
      leafKeys.delete(toHex(id));
      await db.write(async (tx) => {
        for (const sql of [
          "DELETE FROM nodes WHERE id = ?",
          "DELETE FROM peer_identities WHERE node_id = ?",
          "DELETE FROM node_reputations WHERE node_id = ?",
          "DELETE FROM lost_pieces WHERE node_id = ?",
        ]) {
          await tx.run(sql, [id]);
        }
      });
      return known;
    },
  };
}
