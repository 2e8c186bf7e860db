import type { Key, Project, UploadNotes } from "../../core/index.js";
import type { BucketAccess, Caller } from "./access/bucket-access.js";
import type { S3ErrorCode } from "./error-codes.js";
import { S3Error } from "./errors.js";
import type { RequestHeaders } from "./headers.js";
import type { Jobs } from "./jobs/jobs.js";
import type { CompleteS3Options } from "./options.js";
import type { HashPool } from "./payload/hash-pool.js";
import type { Payload } from "./payload/payload.js";
import type { PayloadPlan } from "./payload/plan.js";
import type { Query } from "./query.js";
import type { Reply } from "./reply.js";
import type { SettingsCache } from "./settings/settings-cache.js";
import type { XmlNode } from "./xml/read.js";

/** What an operation is about, when it is not the request's own bucket and key. */
export interface Where {
  readonly access: BucketAccess;
  readonly key?: Key;
  readonly versionId?: string;
  /** What a listing would be limited to, when the request is none. */
  readonly prefix?: string;
}

/** A line of its own in the access logs of a bucket, about something that a request did besides. */
export interface LoggedStep {
  readonly access: BucketAccess;
  /** "BATCH.DELETE.OBJECT" */
  readonly operation: string;
  readonly key: Key;
  readonly versionId?: string;
  readonly status: number;
  readonly code?: string;
  readonly size?: number;
}

/** An authenticated request, as operations see it. */
export interface Call {
  readonly method: string;
  readonly headers: RequestHeaders;
  readonly query: Query;
  /** A valid name; "" for operations on the service. */
  readonly bucket: string;
  /** Undefined for operations on the service or a bucket. */
  readonly key: Key | undefined;
  /** The path as the client wrote it, for replies. */
  readonly resource: string;
  readonly project: Project;
  readonly caller: Caller;
  /** The bucket as the caller reaches it; fails for operations on the service. */
  readonly access: BucketAccess;
  /** The client's address. */
  readonly address: string;
  readonly secure: boolean;
  /** Another bucket, as the same caller reaches it. */
  open(bucket: string): Promise<BucketAccess>;
  /** Rejects with AccessDenied unless the caller may. */
  authorize(operation: string, where: Where): Promise<void>;
  /** Whether it was an ACL that let the request in, so far. */
  allowedByAcl(): boolean;
  /** Bytes of the body that were announced, for requests that have one. */
  wroteBytes(): number | undefined;
  /** What is to be logged besides the request; steps in buckets without logs are not kept. */
  alsoLog(step: LoggedStep): void;
  readonly logged: readonly LoggedStep[];
  readonly settings: SettingsCache;
  readonly jobs: Jobs;
  /** Notes about parts of uploads. */
  readonly notes: UploadNotes;
  /** Aborts when the client goes away or the frontend stops. */
  readonly signal: AbortSignal;
  readonly options: CompleteS3Options;
  readonly hashes: HashPool;
  readonly now: number;
  /** What the headers say about the body; checks them. */
  plan(): PayloadPlan;
  /** The body. Its first read makes a waiting client send it. */
  payload(plan: PayloadPlan, wants: { md5: boolean }): Promise<Payload>;
  /**
   * A body that is a document of at most `maxBytes`; undefined when there is none. `checksumOfObject` tells that
   * x-amz-checksum-* headers are not about the document.
   */
  xml(root: string, maxBytes: number, options?: { checksumOfObject?: boolean }): Promise<XmlNode | undefined>;
  /** A body that is a short text; the code is that of longer ones. */
  text(maxBytes: number, tooLong: S3ErrorCode): Promise<string>;
}

/** One S3 operation. */
export interface Operation {
  /** Amazon's name of it. */
  readonly name: string;
  /** May take so long that white space must keep the connection alive; its replies are 200 with a document. */
  readonly slow?: boolean;
  /** Checks by itself who may do what, as the request alone does not say what it is about. */
  readonly authorizesItself?: boolean;
  /** Reads settings only, which do not tell whether the bucket is there. */
  readonly ofSettings?: boolean;
  run(call: Call): Promise<Reply>;
}

/** The key of an operation on an object; routes give such operations only calls with a key. */
export function keyOf(call: Call): Key {
  if (call.key === undefined) throw new S3Error("InvalidRequest", { message: "A key must be specified" });
  return call.key;
}

/** A key as text for documents. Bytes that are not UTF-8 become U+FFFD. */
export function keyText(key: Key): string {
  return typeof key === "string" ? key : Buffer.from(key).toString("utf8");
}
