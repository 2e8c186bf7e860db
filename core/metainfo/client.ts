import { MetainfoDefinition, type RequestHeader } from "../../proto/gen/metainfo.js";
import type { CallOptions, ConnectionSource, MethodDefinition, Target } from "../rpc/transport.js";
import { type BatchItem, type BatchKind, type BatchReplies, decodeBatch, encodeBatch } from "./batch.js";
import { type CallSubject, metainfoError } from "./errors.js";
import { defaultRetryPolicy, type RetryPolicy, withRetry } from "./retry.js";

export interface MetainfoClientOptions {
  readonly connections: ConnectionSource;
  readonly satellite: Target;
  /** Raw macaroon bytes. */
  readonly apiKey: Uint8Array;
  /** Product tokens, such as "postern/0.1.0". */
  readonly userAgent: string;
  /** Milliseconds a call may take; 60 000 when absent. */
  readonly timeoutMs?: number;
  readonly retry?: RetryPolicy;
}

interface CallSettings {
  readonly signal?: AbortSignal;
  /** Milliseconds, in place of the client's default. */
  readonly timeoutMs?: number;
}

type Methods = typeof MetainfoDefinition.methods;
/** Methods that carry their header in the request, as all but the notification methods' field 15 do. */
type MethodName = keyof Methods;
type Message<M> = M extends { encode(message: infer T, ...rest: never[]): unknown } ? T : never;
type RequestMessage<K extends MethodName> = Message<Methods[K]["requestType"]>;
type ResponseMessage<K extends MethodName> = Message<Methods[K]["responseType"]>;
/** A request without its header; fields that are left out are unset. */
export type RequestFields<K extends MethodName> = Partial<Omit<RequestMessage<K>, "header" | "_unknownFields">>;

/** A satellite as one API key sees it. Errors are PosternErrors with the codes of `metainfoError`. */
export interface MetainfoClient {
  readonly satellite: Target;
  /**
   * Runs calls in order, in one round trip. An empty stream_id or segment_id is inherited from an earlier item. The
   * first failing item fails the whole batch; earlier ones have taken effect.
   */
  batch<const T extends readonly BatchItem[]>(
    items: T,
    subject: CallSubject,
    settings?: CallSettings,
  ): Promise<BatchReplies<T>>;
  /** One call on its own. */
  call<K extends MethodName>(
    name: K,
    fields: RequestFields<K>,
    subject: CallSubject,
    settings?: CallSettings,
  ): Promise<ResponseMessage<K>>;
}

/**
 * Calls that do no harm when they run twice. Those of storj/uplink private/metaclient (IsRetriable), and what stores a
 * segment of a pending object: the second time replaces the first (storj/storj satellite/metabase/commit.go).
 */
const repeatable: ReadonlySet<BatchKind | MethodName> = new Set<BatchKind | MethodName>([
  "bucketGet",
  "bucketList",
  "objectGet",
  "objectList",
  "objectDownload",
  "objectListPendingStreams",
  "segmentBegin",
  "segmentBeginRetryPieces",
  "segmentCommit",
  "segmentMakeInline",
  "segmentDownload",
  "segmentList",
  "getBucket",
  "listBuckets",
  "listPendingObjectStreams",
  "getPendingObjectMetadata",
  "listSegments",
  "projectInfo",
]);

const encoder = new TextEncoder();

/**
 * A client of the satellite's metainfo service. Batches travel compressed as storj/uplink sends them
 * (private/metaclient/client.go).
 */
export function createMetainfoClient(options: MetainfoClientOptions): MetainfoClient {
  const { connections, satellite, timeoutMs = 60_000, retry = defaultRetryPolicy } = options;
  const header: RequestHeader = { apiKey: options.apiKey, userAgent: encoder.encode(options.userAgent) };

  /** Dials are repeated for every call: nothing has been sent then. Calls only when they may run twice. */
  async function run<Req, Res>(
    method: MethodDefinition<Req, Res>,
    request: Req,
    mayRepeat: boolean,
    subject: CallSubject,
    settings: CallSettings,
  ): Promise<Res> {
    const { signal } = settings;
    const callOptions: CallOptions = { signal, timeoutMs: settings.timeoutMs ?? timeoutMs };
    const attempt = async (): Promise<{ reply: Res } | { error: unknown }> => {
      const { connection, release } = await connections.acquire(satellite, { signal });
      try {
        return { reply: await connection.unary(MetainfoDefinition, method, request, callOptions) };
      } catch (error) {
        if (mayRepeat) throw error;
        return { error };
      } finally {
        release();
      }
    };
    try {
      const result = await withRetry(attempt, signal, retry);
      if ("reply" in result) return result.reply;
      throw result.error;
    } catch (error) {
      throw metainfoError(error, subject);
    }
  }

  return {
    satellite,

    async batch(items, subject, settings = {}) {
      const request = encodeBatch(items, header);
      const method = MetainfoDefinition.methods.compressedBatch;
      const mayRepeat = items.every((item) => repeatable.has(item.$case));
      const reply = await run(method, request, mayRepeat, subject, settings);
      return decodeBatch(items, reply);
    },

    async call<K extends MethodName>(
      name: K,
      fields: RequestFields<K>,
      subject: CallSubject,
      settings: CallSettings = {},
    ): Promise<ResponseMessage<K>> {
      const method = MetainfoDefinition.methods[name] as unknown as FullMethod<K>;
      const request = { ...method.requestType.fromPartial(fields), header };
      return await run(method, request, repeatable.has(name), subject, settings);
    },
  };
}

type FullMethod<K extends MethodName> = MethodDefinition<RequestMessage<K>, ResponseMessage<K>> & {
  readonly requestType: { fromPartial(fields: RequestFields<K>): RequestMessage<K> };
};
