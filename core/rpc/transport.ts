/**
 * The seam between typed services and the protocols that carry them (DRPC, gRPC, memory).
 * Both sides bind the service definitions that ts-proto generates (`outputServices=generic-definitions`).
 */

import type { BinaryWriter } from "@bufbuild/protobuf/wire";

/** What a generated message type can do. Unknown fields are kept by the generated code. */
export interface MessageType<T> {
  /** Writes into `writer` and returns it, or into a new one. */
  encode(message: T, writer?: BinaryWriter): { finish(): Uint8Array };
  decode(input: Uint8Array): T;
}

/** One method of a generated service definition. */
export interface MethodDefinition<Req = unknown, Res = unknown> {
  readonly name: string;
  readonly requestType: MessageType<Req>;
  readonly requestStream: boolean;
  readonly responseType: MessageType<Res>;
  readonly responseStream: boolean;
}

/** A generated service definition; `fullName` is "package.Service", or "Service" without a package. */
export interface ServiceDefinition {
  readonly name: string;
  readonly fullName: string;
  readonly methods: { readonly [name: string]: MethodDefinition };
  /** Serialised file descriptors for reflection; those of the .proto files of this package when absent. */
  readonly descriptors?: readonly Uint8Array[];
}

/** Path on the wire, for both DRPC and gRPC: "/package.Service/Method". */
export function methodPath(service: ServiceDefinition, method: MethodDefinition): string {
  return `/${service.fullName}/${method.name}`;
}

export type RequestOf<M> = M extends { requestType: MessageType<infer T> } ? T : never;
export type ResponseOf<M> = M extends { responseType: MessageType<infer T> } ? T : never;

/** Text pairs sent before the call; keys are lower case. */
export type Metadata = Readonly<Record<string, string>>;

export interface CallOptions {
  /** Cancels the call, on the wire too. */
  signal?: AbortSignal;
  /** Milliseconds until the call fails with `deadline-exceeded`; none when absent. */
  timeoutMs?: number;
  metadata?: Metadata;
}

/** The caller's end of a call with streams. Ends when the peer ends, fails, or `cancel` is called. */
export interface ClientStream<Req, Res> {
  /** Queues one message; resolves when the transport is ready for more (backpressure). Rejects after the end. */
  send(message: Req): Promise<void>;
  /** No more messages from here. */
  closeSend(): Promise<void>;
  /** The next message, or undefined at a clean end. Rejects with the peer's status. */
  receive(): Promise<Res | undefined>;
  /** Gives the call up: the peer's handler is cancelled and the connection stays usable. Safe to call at any time. */
  cancel(reason?: unknown): void;
}

/** A dialled peer. Whoever dials closes; a pool does both for its callers. */
export interface Connection {
  /** DER certificates of the peer: leaf, CA, rest. Undefined where the transport has no identities. */
  readonly peerChain: readonly Uint8Array[] | undefined;
  /** True when no new call may start here. */
  readonly closed: boolean;
  /** One request, one response. */
  unary<Req, Res>(
    service: ServiceDefinition,
    method: MethodDefinition<Req, Res>,
    request: Req,
    options?: CallOptions,
  ): Promise<Res>;
  /** Any method with a stream on either side. */
  stream<Req, Res>(
    service: ServiceDefinition,
    method: MethodDefinition<Req, Res>,
    options?: CallOptions,
  ): ClientStream<Req, Res>;
  close(): Promise<void>;
}

/** Whom to dial. */
export interface Target {
  /** "host:port". */
  readonly address: string;
  /** Node id (32 bytes) that the peer must prove; undefined only where the transport has no identities. */
  readonly nodeId?: Uint8Array;
}

export interface DialOptions {
  signal?: AbortSignal;
  /** Milliseconds for TCP and TLS together; 10 000 when absent. */
  timeoutMs?: number;
}

export interface Transport {
  readonly name: string;
  /** How many calls one connection carries at a time: 1 for DRPC, Infinity where calls are multiplexed. */
  readonly callsPerConnection: number;
  dial(target: Target, options?: DialOptions): Promise<Connection>;
}

/** A connection for one call. */
export interface Lease {
  readonly connection: Connection;
  /** Gives the connection back when the call is over. Once; later calls do nothing. */
  release(): void;
}

/** Where callers that must tell dialling from calling, or see the peer's certificates, get connections: a pool. */
export interface ConnectionSource {
  /** A connection that may carry one more call. Rejects as `Transport.dial` does. Nothing is tried twice. */
  acquire(target: Target, options?: DialOptions): Promise<Lease>;
}

/** What a handler knows about its call. */
export interface CallContext {
  /** Aborted when the caller cancels, the connection breaks or the server stops. */
  readonly signal: AbortSignal;
  readonly metadata: Metadata;
  /** The caller's certificates, leaf first; undefined where the transport has no identities. */
  readonly peerChain: readonly Uint8Array[] | undefined;
  /** "host:port" of the caller, or a name where there is no network. */
  readonly peerAddress: string;
}

type Handler<M> = M extends { requestStream: false; responseStream: false }
  ? (request: RequestOf<M>, context: CallContext) => Promise<ResponseOf<M>>
  : M extends { requestStream: true; responseStream: false }
    ? (requests: AsyncIterable<RequestOf<M>>, context: CallContext) => Promise<ResponseOf<M>>
    : M extends { requestStream: false; responseStream: true }
      ? (request: RequestOf<M>, context: CallContext) => AsyncIterable<ResponseOf<M>>
      : (requests: AsyncIterable<RequestOf<M>>, context: CallContext) => AsyncIterable<ResponseOf<M>>;

/** Handlers of a service. A method that is left out answers Unimplemented. Handlers throw PosternErrors. */
export type ServiceHandlers<S extends ServiceDefinition> = { [M in keyof S["methods"]]?: Handler<S["methods"][M]> };

/** A handler of any shape: takes what its method's type decoded, or an iterable of it; `bindService` has checked it. */
export type BoundHandler = (request: unknown, context: CallContext) => unknown;

/** A service and its handlers with the types forgotten, as servers keep them. Made by `bindService`. */
export interface BoundService {
  readonly definition: ServiceDefinition;
  readonly handlers: Readonly<Record<string, BoundHandler | undefined>>;
}

export function bindService<S extends ServiceDefinition>(definition: S, handlers: ServiceHandlers<S>): BoundService {
  return { definition, handlers: handlers as BoundService["handlers"] };
}

export interface RunningServer {
  /** "host:port" where the server listens. */
  readonly address: string;
  /** Takes no new calls, waits up to `graceMs` (default 0) for running ones, then cancels them and closes. */
  stop(options?: { graceMs?: number }): Promise<void>;
}
