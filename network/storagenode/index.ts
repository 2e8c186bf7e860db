export type { NodeFaults } from "./faults.js";
export { type StorageNode, startStorageNode } from "./node.js";
export type { StorageNodeOptions } from "./options.js";
export type { NodeStats, TransferStats } from "./stats.js";
export type { TrustedSatellite } from "./trust.js";
