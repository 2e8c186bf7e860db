export type { Accounts, ProjectInfo, ProjectSettings } from "./accounts.js";
export type { Redundancy } from "./data/segment-record.js";
export type { RateLimit, SatelliteLimits, SatelliteTimes } from "./options.js";
export { type RunningSatellite, type SatelliteOptions, startSatellite } from "./satellite.js";
