import { Channel, ChannelCredentials, connectivityState } from "@grpc/grpc-js";
import { abortError, PosternError } from "../../errors.js";
import type { Identity } from "../../identity/identity.js";
import type { DialOptions, Transport } from "../transport.js";
import { createGrpcConnection } from "./connection.js";
import { type NodeHandshake, nodeCredentials } from "./credentials.js";

export interface GrpcTransportOptions {
  /** Node identities: mutual TLS, the peer's node id pinned. */
  identity?: Identity;
  /**
   * Without an identity: ordinary web TLS, the server's name checked against the system's roots or these PEM
   * certificates. False or absent: in clear.
   */
  tls?: boolean | { ca: Buffer };
  /** Largest message taken and sent, bytes; 4 MiB when absent. */
  maxMessageBytes?: number;
}

/** The same services over gRPC. Statuses keep Storj's numbers (`storj-status` trailer, core/rpc/grpc/status.ts). */
export function createGrpcTransport(options: GrpcTransportOptions = {}): Transport {
  const { identity, tls = false, maxMessageBytes = 4 << 20 } = options;
  const nodeCredentialsFor = identity && nodeCredentials(identity);
  const channelOptions = {
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.max_send_message_length": maxMessageBytes,
    // One connection a channel, as the pool counts them; and nothing is tried twice.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.enable_retries": 0,
    "grpc.enable_http_proxy": 0,
    "grpc.enable_channelz": 0,
    "grpc.service_config_disable_resolution": 1,
  };

  return {
    name: "grpc",
    callsPerConnection: Number.POSITIVE_INFINITY,
    async dial({ address, nodeId }, dialOptions = {}) {
      const handshake: NodeHandshake = { peerChain: undefined, error: undefined };
      let credentials: ChannelCredentials;
      if (nodeCredentialsFor !== undefined) {
        if (nodeId === undefined) throw new PosternError("invalid-argument", `no node id for ${address}`);
        credentials = nodeCredentialsFor(nodeId, handshake);
      } else if (tls === false) credentials = ChannelCredentials.createInsecure();
      else credentials = ChannelCredentials.createSsl(tls === true ? null : tls.ca);

      const channel = new Channel(`dns:${address}`, credentials, channelOptions);
      try {
        await connected(channel, address, dialOptions);
      } catch (error) {
        channel.close();
        throw handshake.error ?? error;
      }
      const connection = createGrpcConnection(channel, handshake.peerChain);
      // A channel would dial again by itself; here a lost connection is lost.
      channel.watchConnectivityState(connectivityState.READY, Number.POSITIVE_INFINITY, () => connection.lost());
      return connection;
    },
  };
}

/** Waits for the first connection; unlike gRPC's own way of waiting, gives up when it fails. */
function connected(channel: Channel, address: string, { signal, timeoutMs = 10_000 }: DialOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) throw abortError(signal);
    const deadline = Date.now() + timeoutMs;
    let settled = false;
    const settle = (error?: PosternError) => {
      if (settled) return;
      settled = true;
      signal?.removeEventListener("abort", onAbort);
      if (error === undefined) resolve();
      else reject(error);
    };
    const onAbort = () => settle(abortError(signal!));
    signal?.addEventListener("abort", onAbort);
    const look = () => {
      const state = channel.getConnectivityState(true);
      if (settled) return;
      if (state === connectivityState.READY) settle();
      else if (state === connectivityState.TRANSIENT_FAILURE || state === connectivityState.SHUTDOWN) {
        settle(new PosternError("unavailable", `can not connect to ${address}`));
      } else {
        channel.watchConnectivityState(state, deadline, (error) => {
          if (error) settle(new PosternError("unavailable", `dialing ${address} took too long`, { cause: error }));
          else look();
        });
      }
    };
    look();
  });
}
