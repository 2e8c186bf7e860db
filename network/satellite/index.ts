export type { Accounts, ApiKeySettings, License, ProjectInfo, ProjectSettings } from "./accounts.js";
export type { Redundancy } from "./data/segment-record.js";
export type { RateLimit, SatelliteLimits, SatelliteTimes, UploadRate, UsageLimits } from "./options.js";
export { type RunningSatellite, type SatelliteOptions, startSatellite } from "./satellite.js";
