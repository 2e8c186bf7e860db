export { controlNetwork } from "./control-client.js";
export type { ControlCommand, ControlCommands, NetworkStatus, NodeStatus } from "./control-messages.js";
export { type NetworkNode, type NodeSpace, type RunningNetwork, startNetwork } from "./network.js";
export type { NetworkOptions } from "./options.js";
export { type NetworkProcess, type NetworkProcessOptions, startNetworkProcess } from "./process-client.js";
export type {
  AuditRound,
  BucketUsage,
  EdgeUrls,
  GarbageRound,
  NetworkHealth,
  NodeHealth,
  RateLimit,
  Redundancy,
  RepairRound,
  SatelliteLimits,
  SatelliteTimes,
  SegmentsHealth,
  Upkeep,
} from "./satellite/index.js";
