export { type FrontendState, type HostedFrontend, type HostOptions, type RunningHost, startHost } from "./host.js";
export { createLogin } from "./login.js";
export { createMetricsRegistry, type MetricsRegistry } from "./metrics.js";
export { createSharedGrpc, type SharedGrpcOptions } from "./shared-grpc.js";
