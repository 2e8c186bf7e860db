import { type OptionsInput, type OptionsOf, option } from "../frontend.js";

/** Options of the auth frontend. Ports: 0 takes a free one, none does not listen. */
export const authOptions = {
  host: option.host(),
  tls: option.tls({ about: "{ cert, key } as PEM, for HTTP, gRPC and DRPC but not for metrics; in clear without" }),
  httpPort: option.port({ about: "TCP port of the HTTP API" }),
  grpcPort: option.port({
    about: "TCP port of gRPC, with reflection and health; the server that frontends share without it",
  }),
  drpcPort: option.port({ about: "TCP port of DRPC, as `uplink access register` speaks it" }),
  metricsPort: option.port({ about: "TCP port of GET /metrics for Prometheus" }),
  // As in Storj's service.
  tokens: option.list({
    about: "bearer tokens that open GET /v1/access/:id; none opens it to everybody",
    default: [],
    secret: true,
  }),
  // storj/edge pkg/auth/peer.go
  maxBodyBytes: option.whole({
    about: "longest body or message of a registration, in bytes",
    default: 4_096,
    least: 256,
    most: 2 ** 20,
  }),
  // Many people may share one address.
  requestsPerMinute: option.whole({
    about: "registrations, and look-ups without a gateway's token, of one IP address a minute; 0 does not limit",
    default: 600,
    most: 2 ** 30,
  }),
  trustedProxies: option.whole({
    about: "proxies of one's own in front, whose X-Forwarded-For is believed over HTTP",
    default: 0,
    most: 16,
  }),
  maxConnections: option.whole({ about: "most connections on each port", default: 1_000, least: 1, most: 2 ** 20 }),
  maxConnectionsPerClient: option.whole({
    about: "most connections of one IP address, on each port; not counted over HTTP behind proxies of one's own",
    default: 500,
    least: 1,
    most: 2 ** 20,
  }),
  idleMs: option.whole({
    about: "longest wait for a handshake, for headers or more of a body, or a first call, in ms",
    default: 10_000,
    least: 1,
    most: 2 ** 31 - 1,
  }),
  healthMs: option.whole({
    about: "how often gRPC's health looks whether access keys can be looked up, in ms",
    default: 5_000,
    least: 1,
    most: 2 ** 31 - 1,
  }),
  callMs: option.whole({
    about: "longest time of a call over RPC, and between two calls of one connection, in ms",
    default: 60_000,
    least: 1,
    most: 2 ** 31 - 1,
  }),
} as const;

export type AuthOptions = OptionsInput<typeof authOptions>;
export type CompleteAuthOptions = OptionsOf<typeof authOptions>;
