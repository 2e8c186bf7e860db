/**
 * Postern's core as a process, for the Go tests: each line of the input is a request, and each line of the output its
 * answer, `{ ok }` or `{ error: { code, message } }`. Keys are in hexadecimal, for they may be any bytes.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { deriveRootKey } from "../../core/crypto/derive.js";
import {
  createUplink,
  type ListObjectsOptions,
  type ObjectInfo,
  overrideEncryptionKey,
  type Permission,
  type Project,
  parseGrant,
  serializeGrant,
  shareGrant,
  toPosternError,
} from "../../core/index.js";

interface Request {
  readonly operation: string;
  readonly grant: string;
  readonly bucket: string;
  readonly key: string;
  readonly toBucket: string;
  readonly toKey: string;
  readonly file: string;
  /** Bytes of the file. */
  readonly from: number;
  readonly size: number;
  /** Bytes of the object. */
  readonly start?: number;
  readonly end?: number;
  readonly custom: Record<string, string>;
  readonly uploadId: string;
  readonly partNumber: number;
  readonly etag?: string;
  readonly delimiter?: string;
  readonly cursor?: string;
  readonly limit?: number;
  readonly expiresAt?: string;
  readonly permission: Permission & { readonly until?: string };
  readonly prefixes?: readonly { readonly bucket: string; readonly prefix: string }[];
  readonly satellite: string;
  readonly apiKey: string;
  readonly passphrase: string;
  readonly salt: string;
}

const bytes = (hex: string) => Buffer.from(hex, "hex");
const hex = (data: Uint8Array) => Buffer.from(data).toString("hex");
const text = (data: Uint8Array | undefined) => (data === undefined ? undefined : Buffer.from(data).toString());

const described = ({ keyBytes, size, custom, etag, expiresAt }: ObjectInfo) => ({
  key: hex(keyBytes),
  size,
  custom,
  etag: text(etag),
  expiresAt,
});

function body({ file, from, size }: Request) {
  return size === 0 ? [] : createReadStream(file, { start: from, end: from + size - 1, highWaterMark: 1 << 20 });
}

/** Operations that need no project. */
async function withoutProject(request: Request): Promise<unknown> {
  switch (request.operation) {
    case "requestAccess":
      return await uplink.requestAccess(request);
    case "share": {
      const { until, ...permission } = request.permission;
      const notAfter = until === undefined ? undefined : new Date(until);
      const prefixes = (request.prefixes ?? []).map(({ bucket, prefix }) => ({ bucket, prefix: bytes(prefix) }));
      return serializeGrant(shareGrant(parseGrant(request.grant), { ...permission, notAfter }, prefixes));
    }
    case "overrideKey": {
      const rootKey = await deriveRootKey(Buffer.from(request.passphrase), Buffer.from(request.salt), "", 1);
      return serializeGrant(
        overrideEncryptionKey(parseGrant(request.grant), request.bucket, bytes(request.key), rootKey),
      );
    }
    default:
      return undefined;
  }
}

async function withProject(project: Project, request: Request): Promise<unknown> {
  const { bucket, uploadId, custom } = request;
  const key = bytes(request.key);
  const target = () => ({ bucket: request.toBucket, key: bytes(request.toKey) });
  const etag = request.etag === undefined ? undefined : Buffer.from(request.etag);
  const expiresAt = request.expiresAt === undefined ? undefined : new Date(request.expiresAt);
  const options = (): ListObjectsOptions => {
    const { delimiter, limit, cursor } = request;
    return { prefix: key, delimiter, limit, cursor: cursor === undefined ? undefined : bytes(cursor), custom: true };
  };
  switch (request.operation) {
    case "createBucket":
      return await project.createBucket(bucket);
    case "deleteBucket":
      return await project.deleteBucket(bucket);
    case "headBucket":
      return await project.headBucket(bucket);
    case "listBuckets":
      return (await project.listBuckets()).buckets.map(({ name }) => name);
    case "put":
      return described(await project.putObject(bucket, key, body(request), { custom, etag, expiresAt }));
    case "get": {
      const { start, end } = request;
      const range = start === undefined ? undefined : { start, end };
      const download = await project.getObject(bucket, key, { range });
      const hash = createHash("sha256");
      let length = 0;
      for await (const chunk of download.body) {
        hash.update(chunk);
        length += chunk.length;
      }
      return { ...described(download.info), length, sha256: hash.digest("hex") };
    }
    case "head":
      return described(await project.headObject(bucket, key));
    case "delete":
      return (await project.deleteObject(bucket, key)).deleted;
    case "copy":
      return described(await project.copyObject({ bucket, key }, target()));
    case "move":
      return await project.moveObject({ bucket, key }, target());
    case "updateMetadata":
      return await project.updateMetadata(bucket, key, { custom, etag });
    case "list": {
      const { entries, next } = await project.listObjects(bucket, options());
      const shown = entries.map((entry) =>
        entry.kind === "prefix" ? { key: hex(entry.prefixBytes), prefix: true } : described(entry.object),
      );
      return { entries: shown, next: next === undefined ? undefined : hex(next) };
    }
    case "uploads": {
      const { entries } = await project.listUploads(bucket, options());
      return entries.map((entry) =>
        entry.kind === "prefix"
          ? { key: hex(entry.prefixBytes) }
          : { key: hex(entry.upload.keyBytes), uploadId: entry.upload.uploadId, custom: entry.upload.custom },
      );
    }
    case "begin":
      return (await project.beginUpload(bucket, key, { custom, expiresAt })).uploadId;
    case "part":
      return await project.uploadPart(bucket, key, uploadId, request.partNumber, body(request), { etag });
    case "parts": {
      const { parts } = await project.listParts(bucket, key, uploadId);
      return parts.map((part) => ({ partNumber: part.partNumber, size: part.size, etag: text(part.etag) }));
    }
    case "commit":
      return described(await project.commitUpload(bucket, key, uploadId, { custom, etag }));
    case "abort":
      return await project.abortUpload(bucket, key, uploadId);
    case "revoke":
      return await project.revokeAccess(request.file);
    default:
      throw new Error(`unknown operation ${request.operation}`);
  }
}

const uplink = createUplink();
for await (const line of createInterface({ input: process.stdin })) {
  let answer: unknown;
  try {
    const request: Request = JSON.parse(line);
    const ok = (await withoutProject(request)) ?? (await withProject(await uplink.openProject(request.grant), request));
    answer = { ok: ok ?? true };
  } catch (error) {
    const { code, message } = toPosternError(error);
    answer = { error: { code, message } };
  }
  console.log(JSON.stringify(answer));
}
await uplink.close();
