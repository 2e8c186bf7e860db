/** "postern/frontend": all that a frontend is written with, besides the core itself ("postern"). */
export {
  type BoundService,
  bindProtoService,
  bindService,
  type CallContext,
  loadProtoService,
  type ProtoHandlers,
  type ProtoMessage,
  type ProtoService,
} from "../core/rpc/index.js";
export * from "./frontend.js";
export {
  awaitsContinue,
  clientAddress,
  createGate,
  createKeyedGate,
  gatherBody,
  type Listening,
  listen,
  newRequestId,
  readBody,
  requestSignal,
  sendStream,
  settleBody,
} from "./http/index.js";
