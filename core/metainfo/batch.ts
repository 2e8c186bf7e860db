import {
  BatchRequest,
  type BatchRequestItem,
  BatchResponse,
  type BatchResponseItem,
  CompressedBatchRequest,
  type CompressedBatchResponse,
  CompressedBatchRequest_CompressionType as Compression,
  type RequestHeader,
} from "../../proto/gen/metainfo.js";
import { PosternError } from "../errors.js";
import { decompressZstd } from "./zstd.js";

/** One call of a batch: `{ $case: "objectBegin", value: BeginObjectRequest }` and so on. */
export type BatchItem = NonNullable<BatchRequestItem["request"]>;
export type BatchReply = NonNullable<BatchResponseItem["response"]>;
export type BatchKind = BatchItem["$case"];
export type BatchReplyOf<K extends BatchKind> = Extract<BatchReply, { $case: K }>["value"];
/** Replies in the order of their requests. */
export type BatchReplies<T extends readonly BatchItem[]> = { [I in keyof T]: BatchReplyOf<T[I]["$case"]> };

/** Largest reply after decompression (storj/uplink private/metaclient/client.go). */
const maximumReplyBytes = 64 * 1024 * 1024;

export function encodeBatch(items: readonly BatchItem[], header: RequestHeader): CompressedBatchRequest {
  const data = BatchRequest.encode(
    BatchRequest.fromPartial({ requests: items.map((request) => ({ request })), header }),
  ).finish();
  return CompressedBatchRequest.fromPartial({ supported: [Compression.ZSTD], selected: Compression.NONE, data });
}

/** @throws PosternError protocol-error when the reply does not match the requests. */
export function decodeBatch<const T extends readonly BatchItem[]>(
  items: T,
  reply: CompressedBatchResponse,
): BatchReplies<T> {
  const { responses } = decodeResponse(decompress(reply));
  if (responses.length !== items.length) {
    throw new PosternError("protocol-error", `batch of ${items.length} answered with ${responses.length} replies`);
  }
  return items.map((item, index) => {
    const response = responses[index]?.response;
    if (response?.$case !== item.$case) {
      throw new PosternError("protocol-error", `batch item ${item.$case} answered with ${response?.$case}`);
    }
    return response.value;
  }) as unknown as BatchReplies<T>;
}

function decodeResponse(data: Uint8Array): BatchResponse {
  try {
    return BatchResponse.decode(data);
  } catch (error) {
    throw new PosternError("protocol-error", "batch reply cannot be read", { cause: error });
  }
}

function decompress({ selected, data }: CompressedBatchResponse): Uint8Array {
  if (selected === Compression.NONE) return data;
  if (selected !== Compression.ZSTD) {
    throw new PosternError("protocol-error", `unknown batch compression ${selected}`);
  }
  if (data.length === 0) return data;
  return decompressZstd(data, maximumReplyBytes);
}
