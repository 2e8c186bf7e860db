export type * from "./api.js";
export { type ErrorCode, errorCodes, isPosternError, PosternError, toPosternError } from "./errors.js";
