import test from "ava";
import { toHex, utf8, utf8Text } from "../../../core/bytes/bytes.js";
import { PosternError } from "../../../core/errors.js";
import { createMetainfoClient } from "../../../core/metainfo/client.js";
import { createMemoryNetwork } from "../../../core/rpc/memory/transport.js";
import { createPool } from "../../../core/rpc/pool.js";
import { rpcError } from "../../../core/rpc/status.js";
import { bindService, type ConnectionSource, type ServiceHandlers } from "../../../core/rpc/transport.js";
import {
  BatchRequest,
  BatchResponse,
  CompressedBatchRequest,
  CompressedBatchResponse,
  GetBucketRequest,
  ListBucketsResponse,
  MetainfoDefinition,
} from "../../../proto/gen/metainfo.js";

type Handlers = ServiceHandlers<typeof MetainfoDefinition>;

async function clientOf(handlers: Handlers, wrap: (source: ConnectionSource) => ConnectionSource = (source) => source) {
  const network = createMemoryNetwork();
  await network.serve("satellite", [bindService(MetainfoDefinition, handlers)]);
  return createMetainfoClient({
    connections: wrap(createPool({ transport: network.transport })),
    satellite: { address: "satellite" },
    apiKey: utf8("macaroon"),
    userAgent: "test/1",
    retry: { minDelayMs: 1, maxDelayMs: 4 },
  });
}

const bucketGet = (name: string) =>
  ({ $case: "bucketGet", value: GetBucketRequest.fromPartial({ name: utf8(name) }) }) as const;

/** What the satellite answers to bucket_get items. */
function bucketReplies(request: CompressedBatchRequest): BatchResponse {
  const { requests } = BatchRequest.decode(request.data);
  const names = requests.map(({ request }) => (request?.$case === "bucketGet" ? request.value.name : utf8("?")));
  return BatchResponse.fromPartial({
    responses: names.map((name) => ({ response: { $case: "bucketGet", value: { bucket: { name } } } })),
  });
}

test("batches travel as the real uplink sends them", async (t) => {
  let seen: CompressedBatchRequest | undefined;
  const client = await clientOf({
    async compressedBatch(request) {
      seen = request;
      return CompressedBatchResponse.fromPartial({ data: BatchResponse.encode(bucketReplies(request)).finish() });
    },
  });
  const [a, b] = await client.batch([bucketGet("aaa"), bucketGet("bbb")], "bucket");
  t.is(utf8Text(a.bucket?.name as Uint8Array), "aaa");
  t.is(utf8Text(b.bucket?.name as Uint8Array), "bbb");
  // supported = [ZSTD], packed; selected = NONE, left out.
  t.is(toHex(CompressedBatchRequest.encode(seen as CompressedBatchRequest).finish()).slice(0, 8), "0a01011a");
  const { header, requests } = BatchRequest.decode((seen as CompressedBatchRequest).data);
  t.is(utf8Text(header?.apiKey as Uint8Array), "macaroon");
  t.is(utf8Text(header?.userAgent as Uint8Array), "test/1");
  t.is(requests[0]?.request?.$case === "bucketGet" && requests[0].request.value.header, undefined);
});

test("calls carry the header in themselves", async (t) => {
  const client = await clientOf({
    async listBuckets({ header, limit }) {
      const name = utf8(`${utf8Text(header?.apiKey as Uint8Array)} ${limit}`);
      return ListBucketsResponse.fromPartial({ items: [{ name }] });
    },
  });
  const { items } = await client.call("listBuckets", { limit: 3 }, "project");
  t.is(utf8Text(items[0]?.name as Uint8Array), "macaroon 3");
});

test("replies that do not match are refused", async (t) => {
  for (const responses of [[], [{ response: { $case: "bucketList", value: {} } }]]) {
    const data = BatchResponse.encode(BatchResponse.fromPartial({ responses } as Partial<BatchResponse>)).finish();
    const client = await clientOf({ compressedBatch: async () => CompressedBatchResponse.fromPartial({ data }) });
    await t.throwsAsync(client.batch([bucketGet("aaa")], "bucket"), { code: "protocol-error" });
  }
});

test("replies that cannot be read are refused", async (t) => {
  const data = Uint8Array.of(0x0a, 0x05, 0x01);
  const client = await clientOf({ compressedBatch: async () => CompressedBatchResponse.fromPartial({ data }) });
  await t.throwsAsync(client.batch([bucketGet("aaa")], "bucket"), { code: "protocol-error" });
});

test("lost connections: calls that may run twice are repeated, others are not, dials always", async (t) => {
  let calls = 0;
  let dials = 0;
  const flaky = (source: ConnectionSource): ConnectionSource => ({
    async acquire(target) {
      if (++dials % 2 === 1) throw new PosternError("unavailable", "refused");
      const lease = await source.acquire(target);
      const connection = {
        ...lease.connection,
        unary: async (...args: Parameters<typeof lease.connection.unary>) => {
          const reply = await lease.connection.unary(...args);
          if (++calls === 1) throw new PosternError("unavailable", "connection lost");
          return reply;
        },
      };
      return { connection: connection as typeof lease.connection, release: lease.release };
    },
  });
  const handlers: Handlers = {
    listBuckets: async () => ListBucketsResponse.fromPartial({}),
    deleteBucket: async () => ({ bucket: undefined, deletedObjectsCount: 0 }),
  };
  const client = await clientOf(handlers, flaky);
  await client.call("listBuckets", {}, "project");
  t.is(calls, 2);
  t.is(dials, 4);
  calls = 0;
  await t.throwsAsync(client.call("deleteBucket", { name: utf8("aaa") }, "bucket-delete"), { code: "unavailable" });
  t.is(calls, 1);
});

test("answers are never repeated, and retries end", async (t) => {
  let calls = 0;
  const client = await clientOf({
    async listBuckets() {
      calls++;
      throw rpcError(14, "overloaded");
    },
  });
  await t.throwsAsync(client.call("listBuckets", {}, "project"), { code: "unavailable", message: "overloaded" });
  t.is(calls, 1);
  let dials = 0;
  const refusing = await clientOf({}, () => ({
    async acquire() {
      dials++;
      throw new PosternError("unavailable", "refused");
    },
  }));
  await t.throwsAsync(refusing.call("listBuckets", {}, "project"), { code: "unavailable", message: "refused" });
  t.is(dials, 4);
});
