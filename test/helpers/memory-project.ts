import { randomBytes } from "node:crypto";
import type {
  BucketInfo,
  ByteRange,
  ByteSource,
  CustomMetadata,
  DeleteItemResult,
  Key,
  ListEntry,
  ListObjectsOptions,
  ListPage,
  ObjectInfo,
  ObjectPart,
  PartInfo,
  Project,
  UploadEntry,
} from "../../core/index.js";
import { PosternError } from "../../core/index.js";

interface StoredObject {
  readonly info: ObjectInfo;
  readonly data: Buffer;
  readonly parts?: readonly ObjectPart[];
}

interface PendingUpload {
  readonly uploadId: string;
  readonly createdAt: Date;
  readonly custom: CustomMetadata;
  readonly expiresAt: Date | undefined;
  readonly key: string;
  readonly parts: Map<number, { readonly info: PartInfo; readonly data: Buffer }>;
}

interface Bucket {
  readonly info: BucketInfo;
  /** By key, bytes-as-characters: their order as strings is that of the bytes. */
  readonly objects: Map<string, StoredObject>;
  readonly uploads: Map<string, PendingUpload>;
}

/**
 * A Project in memory that behaves like one on the network, down to what the satellite does not check: objects of
 * missing buckets are simply missing. `chunkBytes` is the size of the pieces that bodies are delivered in.
 */
export function createMemoryProject(options: { chunkBytes?: number } = {}): Project {
  const chunkBytes = options.chunkBytes ?? 64 * 1024;
  const buckets = new Map<string, Bucket>();

  const bucketOf = (name: string): Bucket => {
    const bucket = buckets.get(name);
    if (bucket === undefined) throw new PosternError("bucket-not-found", `bucket not found: ${name}`);
    return bucket;
  };
  const objectOf = (name: string, key: Key): StoredObject => {
    const object = buckets.get(name)?.objects.get(latin1(key));
    const gone = object?.info.expiresAt !== undefined && object.info.expiresAt.getTime() <= Date.now();
    if (object === undefined || gone) throw new PosternError("object-not-found", "object not found");
    return object;
  };
  const uploadOf = (name: string, key: Key, uploadId: string): PendingUpload => {
    const upload = bucketOf(name).uploads.get(uploadId);
    if (upload === undefined || upload.key !== latin1(key)) {
      throw new PosternError("upload-not-found", "upload not found");
    }
    return upload;
  };
  const commit = (
    bucket: Bucket,
    key: Key,
    data: Buffer,
    fields: Partial<ObjectInfo>,
    ifNoneMatch: boolean | undefined,
  ): ObjectInfo => {
    const name = latin1(key);
    if (ifNoneMatch && bucket.objects.has(name)) {
      throw new PosternError("object-already-exists", "object already exists");
    }
    const keyBytes = Buffer.from(name, "latin1");
    const info: ObjectInfo = {
      key: keyBytes.toString("utf8"),
      keyBytes,
      size: data.length,
      createdAt: new Date(),
      expiresAt: undefined,
      custom: {},
      etag: undefined,
      version: randomBytes(16),
      versioned: false,
      isDeleteMarker: false,
      isLatest: undefined,
      retention: undefined,
      legalHold: undefined,
      ...fields,
    };
    bucket.objects.set(name, { info, data });
    return info;
  };

  return {
    async createBucket(name) {
      if (buckets.has(name)) throw new PosternError("bucket-already-exists", "bucket already exists");
      const info = { name, createdAt: new Date() };
      buckets.set(name, { info, objects: new Map(), uploads: new Map() });
      return info;
    },
    async headBucket(name) {
      return bucketOf(name).info;
    },
    async listBuckets({ cursor = "", limit = 1000 } = {}) {
      const after = [...buckets.values()].map(({ info }) => info).filter(({ name }) => name > cursor);
      after.sort((a, b) => (a.name < b.name ? -1 : 1));
      const page = after.slice(0, limit);
      return { buckets: page, next: after.length > limit ? page.at(-1)?.name : undefined };
    },
    async deleteBucket(name, { withObjects = false } = {}) {
      const bucket = bucketOf(name);
      if (!withObjects && bucket.objects.size + bucket.uploads.size > 0) {
        throw new PosternError("bucket-not-empty", "bucket not empty");
      }
      buckets.delete(name);
    },

    async putObject(name, key, body, options = {}) {
      const bucket = bucketOf(name);
      const data = await gather(body, options.signal);
      const etag = typeof options.etag === "function" ? await options.etag() : options.etag;
      const custom = typeof options.custom === "function" ? await options.custom() : options.custom;
      return commit(
        bucket,
        key,
        data,
        { custom: { ...custom }, etag, expiresAt: options.expiresAt },
        options.ifNoneMatch,
      );
    },
    async getObject(name, key, { range } = {}) {
      const { info, data } = objectOf(name, key);
      const { offset, length } = cut(range, data.length);
      return {
        info,
        offset,
        length,
        body: deliver(data.subarray(offset, offset + length), chunkBytes),
        close: () => {},
      };
    },
    async headObject(name, key) {
      return objectOf(name, key).info;
    },
    async deleteObject(name, key) {
      const deleted = buckets.get(name)?.objects.delete(latin1(key)) ?? false;
      return { deleted, version: undefined, isDeleteMarker: false };
    },
    async deleteObjects(name, objects) {
      const { objects: stored } = bucketOf(name);
      return objects.map(({ key, version }): DeleteItemResult => {
        const keyBytes = Buffer.from(latin1(key), "latin1");
        const found = stored.get(latin1(key));
        const there =
          found !== undefined && (version === undefined || Buffer.compare(version, found.info.version) === 0);
        if (there) stored.delete(latin1(key));
        const status = there ? "ok" : "not-found";
        return { key: keyBytes.toString(), keyBytes, status, removed: undefined, marker: undefined };
      });
    },
    async copyObject(source, target, options = {}) {
      const { info, data } = objectOf(source.bucket, source.key);
      const fields = { custom: info.custom, etag: info.etag, expiresAt: info.expiresAt, ...options.replace };
      return commit(bucketOf(target.bucket), target.key, data, fields, options.ifNoneMatch);
    },
    async moveObject(source, target) {
      const { info, data } = objectOf(source.bucket, source.key);
      const { key: _, keyBytes: __, ...kept } = info;
      commit(bucketOf(target.bucket), target.key, data, kept, false);
      bucketOf(source.bucket).objects.delete(latin1(source.key));
    },
    async updateMetadata(name, key, { custom, etag }) {
      const { info, ...rest } = objectOf(name, key);
      bucketOf(name).objects.set(latin1(key), { info: { ...info, custom, etag: etag ?? info.etag }, ...rest });
    },
    async copyPart(name, key, uploadId, partNumber, source, { range, ...options } = {}) {
      const download = await this.getObject(source.bucket, source.key, { range });
      return await this.uploadPart(name, key, uploadId, partNumber, download.body, options);
    },
    async listObjects(name, options = {}) {
      const keys = [...bucketOf(name).objects.keys()].sort();
      const ofKey = (key: string): ListEntry[] => [{ kind: "object", object: bucketOf(name).objects.get(key)!.info }];
      return page<ListEntry>(keys, options, ofKey, prefixEntry);
    },

    async listVersions(name, options = {}) {
      return { ...(await this.listObjects(name, options)), nextVersion: undefined };
    },

    async *walkObjects(name, prefix, { pageSize = 1000 } = {}) {
      const { objects } = bucketOf(name);
      const found = [...objects.keys()].filter((key) => key.startsWith(latin1(prefix)));
      for (let at = 0; at < found.length; at += pageSize) {
        yield found.slice(at, at + pageSize).map((key) => objects.get(key)!.info);
      }
    },

    async beginUpload(name, key, { custom = {}, expiresAt } = {}) {
      const upload: PendingUpload = {
        uploadId: randomBytes(24).toString("base64url"),
        createdAt: new Date(),
        custom,
        expiresAt,
        key: latin1(key),
        parts: new Map(),
      };
      bucketOf(name).uploads.set(upload.uploadId, upload);
      return uploadInfo(upload);
    },
    async uploadPart(name, key, uploadId, partNumber, body, options = {}) {
      const upload = uploadOf(name, key, uploadId);
      const data = await gather(body, options.signal);
      const etag = typeof options.etag === "function" ? await options.etag() : options.etag;
      const info = { partNumber, size: data.length, modifiedAt: new Date(), etag };
      upload.parts.set(partNumber, { info, data });
      return info;
    },
    async commitUpload(name, key, uploadId, options = {}) {
      const upload = uploadOf(name, key, uploadId);
      const parts = [...upload.parts.values()].sort((a, b) => a.info.partNumber - b.info.partNumber);
      const fields = { custom: options.custom ?? upload.custom, etag: options.etag, expiresAt: upload.expiresAt };
      const data = Buffer.concat(parts.map((part) => part.data));
      const info = commit(bucketOf(name), key, data, fields, options.ifNoneMatch);
      const sizes = parts.map((part) => ({ partNumber: part.info.partNumber, size: part.data.length }));
      bucketOf(name).objects.set(latin1(key), { info, data, parts: sizes });
      bucketOf(name).uploads.delete(uploadId);
      return info;
    },
    async abortUpload(name, key, uploadId) {
      uploadOf(name, key, uploadId);
      bucketOf(name).uploads.delete(uploadId);
    },
    async objectParts(name, key) {
      const { info, parts } = objectOf(name, key);
      return parts ?? [{ partNumber: 0, size: info.size }];
    },
    async uploadMetadata(name, key, uploadId) {
      return uploadOf(name, key, uploadId).custom;
    },
    async listParts(name, key, uploadId, { after = 0, limit = 1000 } = {}) {
      const parts = [...uploadOf(name, key, uploadId).parts.values()].map(({ info }) => info);
      const rest = parts.filter((part) => part.partNumber > after).sort((a, b) => a.partNumber - b.partNumber);
      return { parts: rest.slice(0, limit), more: rest.length > limit };
    },
    async listUploads(name, options = {}) {
      const uploads = [...bucketOf(name).uploads.values()];
      const keys = [...new Set(uploads.map((upload) => upload.key))].sort();
      const ofKey = (key: string): UploadEntry[] =>
        uploads
          .filter((upload) => upload.key === key)
          .map((upload) => ({ kind: "upload", upload: uploadInfo(upload) }));
      return page<UploadEntry>(keys, options, ofKey, prefixEntry);
    },
    async getBucketVersioning(name) {
      bucketOf(name);
      return "unversioned";
    },
    async getBucketLocation(name) {
      bucketOf(name);
      return "";
    },
    projectInfo: async () => ({ publicId: undefined, createdAt: undefined }),
    ...beyond,
    async close() {},
  };
}

/** What only a satellite has: versions, locks and its settings. Tests of these run on the embedded network. */
const beyond = Object.fromEntries(
  (
    [
      "setBucketVersioning",
      "getBucketTags",
      "setBucketTags",
      "getObjectLockConfiguration",
      "setObjectLockConfiguration",
      "getBucketNotifications",
      "setBucketNotifications",
      "getRetention",
      "setRetention",
      "getLegalHold",
      "setLegalHold",
      "objectPlacement",
      "revokeAccess",
    ] as const
  ).map((name) => [name, () => Promise.reject(new PosternError("unimplemented", `${name} needs a satellite`))]),
) as unknown as Pick<
  Project,
  | "setBucketVersioning"
  | "getBucketTags"
  | "setBucketTags"
  | "getObjectLockConfiguration"
  | "setObjectLockConfiguration"
  | "getBucketNotifications"
  | "setBucketNotifications"
  | "getRetention"
  | "setRetention"
  | "getLegalHold"
  | "setLegalHold"
  | "objectPlacement"
  | "revokeAccess"
>;

function latin1(key: Key): string {
  return Buffer.from(key).toString("latin1");
}

function prefixEntry(prefix: string): ListEntry & UploadEntry {
  const prefixBytes = Buffer.from(prefix, "latin1");
  return { kind: "prefix", prefix: prefixBytes.toString("utf8"), prefixBytes };
}

function uploadInfo(upload: PendingUpload) {
  const { uploadId, createdAt, custom } = upload;
  const keyBytes = Buffer.from(upload.key, "latin1");
  return { uploadId, createdAt, custom, key: keyBytes.toString("utf8"), keyBytes };
}

/** One page over sorted keys; pages end between keys. */
function page<T>(
  keys: readonly string[],
  options: ListObjectsOptions,
  ofKey: (key: string) => readonly T[],
  ofPrefix: (prefix: string) => T,
): ListPage<T> {
  const prefix = latin1(options.prefix ?? "");
  const delimiter = latin1(options.delimiter ?? "");
  const cursor = latin1(options.cursor ?? "");
  const limit = Math.min(options.limit ?? 1000, 1000);
  const entries: T[] = [];
  let last: string | undefined;
  if (limit === 0) return { entries, next: undefined };
  for (const key of keys) {
    if (!key.startsWith(prefix)) continue;
    const at = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
    const name = at < 0 ? key : key.slice(0, at + delimiter.length);
    if (name <= cursor || name === last) continue;
    if (entries.length >= limit) return { entries, next: Buffer.from(last ?? "", "latin1") };
    entries.push(...(at < 0 ? ofKey(key) : [ofPrefix(name)]));
    last = name;
  }
  return { entries, next: undefined };
}

async function gather(body: ByteSource, signal: AbortSignal | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) {
    if (signal?.aborted) throw new PosternError("canceled", "canceled");
    chunks.push(Uint8Array.from(chunk));
  }
  return Buffer.concat(chunks);
}

async function* deliver(data: Buffer, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += chunkBytes) yield data.subarray(at, at + chunkBytes);
}

function cut(range: ByteRange | undefined, size: number): { offset: number; length: number } {
  if (range === undefined) return { offset: 0, length: size };
  const start = "suffix" in range ? Math.max(size - range.suffix, 0) : range.start;
  const end = "suffix" in range ? size : Math.min(range.end ?? size, size);
  if (start >= size || end <= start) throw new PosternError("range-not-satisfiable", "range is not satisfiable");
  return { offset: start, length: end - start };
}
