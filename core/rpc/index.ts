/** What frontends that speak RPC may import. */
export { type Caller, type Client, createClient } from "./client.js";
export { createPlainDrpcTransport, type ServePlainDrpcOptions, servePlainDrpc } from "./drpc/plain.js";
export { serveDrpc } from "./drpc/server.js";
export { createDrpcTransport } from "./drpc/transport.js";
export {
  bindProtoService,
  loadProtoService,
  type ProtoHandlers,
  type ProtoMessage,
  type ProtoMethod,
  type ProtoService,
} from "./grpc/proto-service.js";
export { type ServeGrpcOptions, serveGrpc } from "./grpc/server.js";
export { createGrpcTransport, type GrpcTransportOptions } from "./grpc/transport.js";
export { createMemoryNetwork, type MemoryNetwork } from "./memory/transport.js";
export { createPool, type Pool, type PoolOptions } from "./pool.js";
export { codeOfRpcStatus, RpcStatus, rpcError, statusOfError } from "./status.js";
export {
  type BoundService,
  bindService,
  type CallContext,
  type CallOptions,
  type ClientStream,
  type Connection,
  type Metadata,
  type RunningServer,
  type ServiceDefinition,
  type ServiceHandlers,
  type Target,
  type Transport,
} from "./transport.js";
export type { TlsSource } from "./web-tls.js";
