import type { TLSSocket } from "node:tls";
import type { Context } from "koa";
import { userOf } from "../access/bucket-access.js";
import { keyText, type LoggedStep } from "../call.js";
import type { RequestFacts } from "../observe.js";
import type { CompleteS3Options } from "../options.js";
import type { LoggingSettings } from "../settings/sections.js";
import { decodeBytes } from "../uri.js";
import { type LogRecord, operationText } from "./log-record.js";

/** Parameters that must not be in a log, which others may read. */
const secret = /^(X-Amz-Signature|X-Amz-Credential|X-Amz-Security-Token|Signature|AWSAccessKeyId)$/i;

/** A record and the settings of the bucket that it is about. */
export interface RecordToLog {
  readonly logging: LoggingSettings;
  readonly record: LogRecord;
}

/** The records of a request for the access logs of its bucket, and of others that it had to do with. */
export function accessLogRecords(
  ctx: Context,
  facts: RequestFacts,
  hostId: string,
  options: CompleteS3Options,
): RecordToLog[] {
  const { call } = facts;
  if (call === undefined || call.bucket === "") return [];
  const logging = call.access.settings.section("logging");
  if (logging === undefined && call.logged.length === 0) return [];
  const { req, res } = ctx;
  const { headers, query } = call;
  const length = Number(res.getHeader("content-length") ?? Number.NaN);
  const sent = facts.method === "HEAD" || Number.isNaN(length) ? undefined : length;
  const presigned = query.has("X-Amz-Signature") || query.has("Signature");
  const older = query.has("Signature") || headers.get("authorization")?.startsWith("AWS ") === true;
  const signed = call.caller.kind === "user";
  const totalMs = performance.now() - facts.started;
  const version = res.getHeader("x-amz-version-id");
  const socket = req.socket as Partial<TLSSocket>;
  const record: LogRecord = {
    bucketOwner: call.access.ownerId,
    bucket: call.bucket,
    time: call.now,
    remoteAddress: call.address,
    requester: userOf(call.caller),
    requestId: facts.requestId,
    operation: operationText(facts.operation ?? "", facts.method, call.key !== undefined),
    key: call.key === undefined ? undefined : keyText(call.key),
    requestUri: `${facts.method} ${withoutSecrets(req.url ?? "/")} HTTP/${req.httpVersion}`,
    status: res.headersSent ? res.statusCode : 499,
    errorCode: facts.code,
    bytesSent: sent,
    objectSize: call.key === undefined ? undefined : (call.wroteBytes() ?? sent),
    totalMs,
    referer: headers.get("referer"),
    userAgent: headers.get("user-agent"),
    versionId: call.query.get("versionId") ?? (version === undefined ? undefined : String(version)),
    hostId,
    signature: signed ? (older ? "SigV2" : "SigV4") : undefined,
    authentication: signed ? (presigned ? "QueryString" : "AuthHeader") : undefined,
    host: headers.get("host"),
    cipherSuite: options.tls === undefined ? undefined : socket.getCipher?.().name,
    tlsVersion: options.tls === undefined ? undefined : (socket.getProtocol?.() ?? undefined),
    aclRequired: call.allowedByAcl(),
  };
  const steps = call.logged.flatMap((step): RecordToLog[] => {
    const settings = step.access.settings.section("logging");
    return settings === undefined ? [] : [{ logging: settings, record: stepRecord(record, step) }];
  });
  return logging === undefined ? steps : [{ logging, record }, ...steps];
}

function stepRecord(
  record: LogRecord,
  { access, operation, key, versionId, status, code, size }: LoggedStep,
): LogRecord {
  return {
    ...record,
    bucketOwner: access.ownerId,
    bucket: access.bucket,
    operation,
    key: keyText(key),
    status,
    errorCode: code,
    bytesSent: undefined,
    objectSize: size,
    versionId,
  };
}

function withoutSecrets(url: string): string {
  const at = url.indexOf("?");
  if (at < 0) return url;
  const path = url.slice(0, at);
  const kept = url
    .slice(at + 1)
    .split("&")
    .filter((piece) => !secret.test(decodeBytes(piece.split("=", 1)[0]!) ?? ""));
  return kept.length === 0 ? path : `${path}?${kept.join("&")}`;
}
