import { bytesOfText, encodePathBytes } from "../uri.js";

/** What is told of a request in server access logs. */
export interface LogRecord {
  readonly bucketOwner: string;
  readonly bucket: string;
  /** Milliseconds since the epoch, of the arrival. */
  readonly time: number;
  readonly remoteAddress: string;
  /** Canonical user id. */
  readonly requester: string | undefined;
  readonly requestId: string;
  /** "REST.GET.OBJECT" */
  readonly operation: string;
  readonly key: string | undefined;
  /** Method, target and version, the target without signatures. */
  readonly requestUri: string;
  readonly status: number;
  readonly errorCode: string | undefined;
  readonly bytesSent: number | undefined;
  readonly objectSize: number | undefined;
  readonly totalMs: number;
  readonly referer: string | undefined;
  readonly userAgent: string | undefined;
  readonly versionId: string | undefined;
  readonly hostId: string;
  readonly signature: "SigV2" | "SigV4" | undefined;
  readonly authentication: "AuthHeader" | "QueryString" | undefined;
  readonly host: string | undefined;
  readonly cipherSuite: string | undefined;
  readonly tlsVersion: string | undefined;
  /** Whether an ACL was what let the request in. */
  readonly aclRequired: boolean;
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** One line, without its end. https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html */
export function logLine(record: LogRecord): string {
  return [
    record.bucketOwner,
    record.bucket,
    `[${timeText(record.time)}]`,
    record.remoteAddress,
    plain(record.requester),
    record.requestId,
    record.operation,
    record.key === undefined ? "-" : encodePathBytes(bytesOfText(record.key)) || "-",
    quoted(record.requestUri),
    String(record.status),
    plain(record.errorCode),
    number(record.bytesSent),
    number(record.objectSize),
    String(Math.round(record.totalMs)),
    "-",
    quoted(record.referer),
    quoted(record.userAgent),
    plain(record.versionId),
    record.hostId,
    plain(record.signature),
    plain(record.cipherSuite),
    plain(record.authentication),
    plain(record.host),
    plain(record.tlsVersion),
    "-",
    record.aclRequired ? "Yes" : "-",
  ].join(" ");
}

function timeText(ms: number): string {
  const time = new Date(ms);
  const two = (value: number) => String(value).padStart(2, "0");
  const date = `${two(time.getUTCDate())}/${months[time.getUTCMonth()]}/${time.getUTCFullYear()}`;
  return `${date}:${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())} +0000`;
}

/** A field that strangers may write must not end itself, its line, or begin another. */
function plain(text: string | undefined): string {
  if (text === undefined || text === "") return "-";
  return text.replace(/[^\x21-\x7e]|["[\]\\']/g, (char) => encodeURIComponent(char).replace("'", "%27"));
}

function quoted(text: string | undefined): string {
  if (text === undefined || text === "") return '"-"';
  return `"${text.replace(/[^\x20-\x7e]|["\\[\]]/g, (char) => (char.charCodeAt(0) > 0xff ? "?" : `%${char.charCodeAt(0).toString(16).padStart(2, "0")}`))}"`;
}

function number(value: number | undefined): string {
  return value === undefined || value === 0 ? "-" : String(value);
}

/** Names of operations in logs, where they are not "REST.METHOD.OBJECT" or "…BUCKET". */
const names: Readonly<Record<string, string>> = {
  CopyObject: "REST.COPY.OBJECT",
  UploadPart: "REST.PUT.PART",
  UploadPartCopy: "REST.COPY.PART",
  CreateMultipartUpload: "REST.POST.UPLOADS",
  CompleteMultipartUpload: "REST.POST.UPLOAD",
  AbortMultipartUpload: "REST.DELETE.UPLOAD",
  ListParts: "REST.GET.UPLOAD",
  ListMultipartUploads: "REST.GET.UPLOADS",
  DeleteObjects: "REST.POST.MULTI_OBJECT_DELETE",
  ListObjectVersions: "REST.GET.BUCKETVERSIONS",
};

export function operationText(operation: string, method: string, hasKey: boolean): string {
  const known = Object.hasOwn(names, operation) ? names[operation] : undefined;
  if (known !== undefined) return known;
  const subject = /(Acl|Policy|Lifecycle|Logging|Tagging|Versioning|Cors|Encryption|Location|Notification)/.exec(
    operation,
  )?.[1];
  return `REST.${method}.${subject?.toUpperCase() ?? (hasKey ? "OBJECT" : "BUCKET")}`;
}
