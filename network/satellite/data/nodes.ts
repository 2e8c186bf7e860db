import type { Queries } from "../db/queries.js";
import type { Micros } from "./times.js";

export interface NodeRecord {
  /** 32 bytes. */
  readonly id: Uint8Array;
  /** As the node gives it: host name or IP, and port. */
  readonly address: string;
  /** Where that led at the last check-in. */
  readonly lastIpPort: string;
  /** Network of that address (/24 or /64): nodes of one network tend to fail together. */
  readonly lastNet: string;
  readonly debounceLimit: number;
  readonly features: number;
  readonly freeDisk: number;
  readonly version: string;
  readonly email: string;
  readonly wallet: string;
  readonly createdAt: Micros;
  readonly lastContactSuccess: Micros;
  readonly lastContactFailure: Micros;
  readonly disqualified: Micros | null;
  readonly exitFinishedAt: Micros | null;
}

const columns = `id, address, last_ip_port AS "lastIpPort", last_net AS "lastNet", debounce_limit AS "debounceLimit",
  features, free_disk AS "freeDisk", version, email, wallet, created_at AS "createdAt",
  last_contact_success AS "lastContactSuccess", last_contact_failure AS "lastContactFailure",
  disqualified, exit_finished_at AS "exitFinishedAt"`;

export async function listNodes(db: Queries): Promise<NodeRecord[]> {
  return db.all<NodeRecord>(`SELECT ${columns} FROM nodes`);
}

/** Adds a node or takes over what it says of itself; when it joined, and how it stands, is kept. */
export async function upsertNode(tx: Queries, node: NodeRecord): Promise<void> {
  await tx.run(
    `INSERT INTO nodes (id, address, last_ip_port, last_net, debounce_limit, features, free_disk, version, email,
        wallet, created_at, last_contact_success, last_contact_failure)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (id) DO UPDATE SET address = excluded.address, last_ip_port = excluded.last_ip_port,
        last_net = excluded.last_net, debounce_limit = excluded.debounce_limit, features = excluded.features,
        free_disk = excluded.free_disk, version = excluded.version, email = excluded.email, wallet = excluded.wallet,
        last_contact_success = excluded.last_contact_success, last_contact_failure = excluded.last_contact_failure`,
    [
      node.id,
      node.address,
      node.lastIpPort,
      node.lastNet,
      node.debounceLimit,
      node.features,
      node.freeDisk,
      node.version,
      node.email,
      node.wallet,
      node.createdAt,
      node.lastContactSuccess,
      node.lastContactFailure,
    ],
  );
}

export async function updateContact(tx: Queries, id: Uint8Array, success: Micros, failure: Micros): Promise<void> {
  await tx.run("UPDATE nodes SET last_contact_success = ?, last_contact_failure = ? WHERE id = ?", [
    success,
    failure,
    id,
  ]);
}

/** Certificates of a node, DER, leaf first, concatenated. */
export async function findChain(db: Queries, id: Uint8Array): Promise<Uint8Array | undefined> {
  return (await db.first<{ chain: Uint8Array }>("SELECT chain FROM peer_identities WHERE node_id = ?", [id]))?.chain;
}

export async function upsertChain(tx: Queries, id: Uint8Array, chain: Uint8Array, now: Micros): Promise<void> {
  await tx.run(
    `INSERT INTO peer_identities (node_id, chain, updated_at) VALUES (?, ?, ?)
      ON CONFLICT (node_id) DO UPDATE SET chain = excluded.chain, updated_at = excluded.updated_at`,
    [id, chain, now],
  );
}
