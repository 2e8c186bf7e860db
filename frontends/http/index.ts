export { awaitsContinue, type BodyLimits, gatherBody, readBody, readSmallBody, settleBody } from "./body.js";
export { clientAddress } from "./client-address.js";
export { createGate, createKeyedGate, type Gate } from "./gate.js";
export { type Listening, type ListenOptions, listen } from "./listen.js";
export { decodeBytes, encodeBytes, encodePathBytes } from "./percent.js";
export { newRequestId } from "./request-id.js";
export { type SendLimits, sendStream } from "./send.js";
export { requestSignal } from "./signal.js";
