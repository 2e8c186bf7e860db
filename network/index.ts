export { type NetworkNode, type RunningNetwork, startNetwork } from "./network.js";
export type { NetworkOptions } from "./options.js";
export { type NetworkProcess, type NetworkProcessOptions, startNetworkProcess } from "./process-client.js";
export type { RateLimit, Redundancy, SatelliteLimits, SatelliteTimes } from "./satellite/index.js";
