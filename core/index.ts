export { apiKeyText, parseApiKey } from "./access/api-key.js";
export { type AccessGrant, isGrantText, newGrant, parseGrant, serializeGrant } from "./access/grant.js";
export { mayAllIn } from "./access/rights.js";
export { overrideEncryptionKey, type Permission, type SharePrefix, shareGrant } from "./access/share.js";
export type * from "./api.js";
export { refusedEvenly } from "./auth/even-time.js";
export type {
  FoundGrantRecord,
  GrantRecord,
  GrantStore,
  RecordSelector,
  StoredGrantRecord,
} from "./auth/grant-store.js";
export { createRateLimiter, type RateLimiter, type RateLimitOptions } from "./auth/rate-limit.js";
export { type ErrorCode, errorCodes, isPosternError, PosternError, toPosternError } from "./errors.js";
export type { TransferOptions } from "./options.js";
export {
  type CertificateFiles,
  type Certificates,
  type CertificatesOptions,
  openCertificates,
} from "./rpc/certificates.js";
export { clientKey } from "./rpc/client-key.js";
export { createClientCount } from "./rpc/tcp.js";
export { asWebTls, followTls, type PemPair, serverOptions, type TlsSource, type WebTls } from "./rpc/web-tls.js";
export {
  type BucketSettings,
  type BucketSettingsEntry,
  mostSameNames,
  type SettingsChange,
  type UploadNotes,
} from "./settings/bucket-settings.js";
export type { BucketId } from "./settings/bucket-settings-store.js";
export {
  type AccessRequest,
  createUplink,
  openProject,
  type Uplink,
  type UplinkOptions,
  type UplinkStats,
} from "./uplink.js";
