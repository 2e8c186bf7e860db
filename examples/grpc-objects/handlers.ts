import { isPosternError, type ObjectInfo, PosternError } from "postern";
import type { CallContext } from "postern/frontend";
import type { Open } from "./open.js";

interface Name {
  readonly bucket: string;
  readonly key: string;
}

interface UploadMessage {
  readonly start?: {
    readonly name: Name | null;
    readonly metadata: Record<string, string>;
    readonly ifNoneMatch: boolean;
  };
  readonly data?: Uint8Array;
}

/** Handlers of objects.v1.Objects. Errors carry their codes, which the server turns into gRPC's statuses. */
export function objectHandlers(open: Open, chunkBytes: number) {
  return {
    async listBuckets(_: object, context: CallContext) {
      const project = await open(context);
      const buckets: string[] = [];
      for (let cursor: string | undefined; ; ) {
        const page = await project.listBuckets({ cursor, signal: context.signal });
        buckets.push(...page.buckets.map(({ name }) => name));
        if (page.next === undefined) return { buckets };
        cursor = page.next;
      }
    },

    async *list(request: { bucket: string; prefix: string; recursive: boolean }, context: CallContext) {
      const project = await open(context);
      const { bucket, prefix, recursive } = request;
      const options = { prefix, delimiter: recursive ? undefined : "/", custom: true, signal: context.signal };
      for (let cursor: Uint8Array | undefined; ; ) {
        const page = await project.listObjects(bucket, { ...options, cursor });
        for (const entry of page.entries) {
          yield entry.kind === "prefix" ? { prefix: entry.prefix } : { object: objectOf(bucket, entry.object) };
        }
        if (page.next === undefined) return;
        cursor = page.next;
      }
    },

    async stat(request: Name, context: CallContext) {
      const project = await open(context);
      const { bucket, key } = nameOf(request);
      return objectOf(bucket, await project.headObject(bucket, key, { signal: context.signal }));
    },

    async upload(requests: AsyncIterable<UploadMessage>, context: CallContext) {
      const project = await open(context);
      const iterator = requests[Symbol.asyncIterator]();
      const first = await iterator.next();
      const start = first.done ? undefined : first.value.start;
      if (start === undefined) throw new PosternError("invalid-argument", "the first message of an upload has `start`");
      const { bucket, key } = nameOf(start.name);
      async function* body(): AsyncGenerator<Uint8Array> {
        for (;;) {
          const { done, value } = await iterator.next();
          if (done) return;
          if (value.data === undefined)
            throw new PosternError("invalid-argument", "after `start` all messages have `data`");
          yield value.data;
        }
      }
      const info = await project
        .putObject(bucket, key, body(), {
          custom: start.metadata,
          ifNoneMatch: start.ifNoneMatch,
          signal: context.signal,
        })
        .catch((cause: unknown) => {
          // Of the two codes this is the one that gRPC's ALREADY_EXISTS comes of.
          if (!isPosternError(cause, "object-already-exists")) throw cause;
          throw new PosternError("already-exists", cause.message, { cause });
        });
      return objectOf(bucket, info);
    },

    async *download(request: { name: Name | null; offset: number; length: number }, context: CallContext) {
      const project = await open(context);
      const { bucket, key } = nameOf(request.name);
      const { offset, length } = request;
      if (offset < 0 || length < 0) throw new PosternError("invalid-argument", "offset and length are not negative");
      const range =
        offset === 0 && length === 0 ? undefined : { start: offset, end: length === 0 ? undefined : offset + length };
      const download = await project.getObject(bucket, key, { range, signal: context.signal });
      try {
        if (download.info.custom["s3:sse-c"] !== undefined) {
          throw new PosternError(
            "permission-denied",
            "the object is encrypted with a key of its owner: read it through S3",
          );
        }
        yield { object: objectOf(bucket, download.info) };
        for await (const chunk of download.body) {
          for (let at = 0; at < chunk.length; at += chunkBytes) yield { data: chunk.subarray(at, at + chunkBytes) };
        }
      } finally {
        download.close();
      }
    },

    async delete(request: Name, context: CallContext) {
      const project = await open(context);
      const { bucket, key } = nameOf(request);
      const { deleted } = await project.deleteObject(bucket, key, { signal: context.signal });
      return { deleted };
    },
  };
}

function nameOf(name: Name | null): Name {
  const { bucket = "", key = "" } = name ?? {};
  if (bucket === "" || key === "") throw new PosternError("invalid-argument", "bucket and key are needed");
  return { bucket, key };
}

function objectOf(bucket: string, { key, size, createdAt, custom }: ObjectInfo) {
  const seconds = Math.floor(createdAt.getTime() / 1_000);
  const nanos = (createdAt.getTime() - seconds * 1_000) * 1_000_000;
  return { name: { bucket, key }, size, createdAt: { seconds, nanos }, metadata: custom };
}
