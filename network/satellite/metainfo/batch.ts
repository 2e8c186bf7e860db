import { decompressZstd } from "../../../core/metainfo/zstd.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { CallContext } from "../../../core/rpc/transport.js";
import {
  BatchRequest,
  type BatchRequestItem,
  BatchResponse,
  type BatchResponseItem,
  type CompressedBatchRequest,
  type CompressedBatchResponse,
  CompressedBatchRequest_CompressionType as Compression,
} from "../../../proto/gen/metainfo.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { batchItems } from "./batch-items.js";
import { beginUpload } from "./begin-object.js";
import { commitInlineObject } from "./commit-inline-object.js";
import type { Handler } from "./handler.js";

type RequestItem = NonNullable<BatchRequestItem["request"]>;
type ResponseItem = NonNullable<BatchResponseItem["response"]>;

/** Items of a batch at most; uplink sends a handful. */
const maxItems = 1000;

/**
 * Runs the items in order. Ids that an item leaves out are those of the last one that gave any. The first failure
 * fails the call; what ran before stays done (storj/storj satellite/metainfo/batch.go).
 */
export const batch: Handler<BatchRequest, BatchResponse> = async (satellite, request, context) => {
  const items = request.requests.map((item) => item.request);
  if (items.length > maxItems) throw rpcError(RpcStatus.InvalidArgument, "too many requests in a batch");
  const carried: CarriedIds = { streamId: none, segmentId: none };
  const responses: ResponseItem[] = [];
  while (responses.length < items.length) {
    const at = responses.length;
    for (const item of items.slice(at, at + 3)) if (item !== undefined) item.value.header = request.header;
    const inline = inlineObjectAt(items, at);
    const done =
      inline === undefined
        ? [await runItem(satellite, items, at, carried, context)]
        : await runInlineObject(satellite, inline);
    for (const response of done) carryIds(carried, response);
    responses.push(...done);
  }
  return { responses: responses.map((response) => ({ response })) };
};

/**
 * Batches travel so, compressed or not. The reply is not compressed: clients must take it so, and Node has no zstd
 * encoder before version 22.
 */
export const compressedBatch: Handler<CompressedBatchRequest, CompressedBatchResponse> = async (
  satellite,
  request,
  context,
) => {
  const requests = decodeBatch(request);
  if (requests.requests.length === 0) return { selected: Compression.NONE, data: none };
  const response = await batch(satellite, requests, context);
  return { selected: Compression.NONE, data: BatchResponse.encode(response).finish() };
};

/** Decompressed bytes at most: twice what could come uncompressed in one message. */
const maxRequestSize = 8 * 1024 * 1024;

function decodeBatch({ selected, data }: CompressedBatchRequest): BatchRequest {
  if (selected !== Compression.NONE && selected !== Compression.ZSTD) {
    throw rpcError(RpcStatus.Unknown, "unsupported compression");
  }
  try {
    return BatchRequest.decode(selected === Compression.ZSTD ? decompressZstd(data, maxRequestSize) : data);
  } catch (cause) {
    throw rpcError(RpcStatus.Unknown, "malformed batch request", cause);
  }
}

const none = new Uint8Array(0);

interface CarriedIds {
  streamId: Uint8Array;
  segmentId: Uint8Array;
}

function carryIds(carried: CarriedIds, response: ResponseItem): void {
  switch (response.$case) {
    case "objectBegin":
      carried.streamId = response.value.streamId;
      break;
    case "objectGet":
    case "objectDownload":
      carried.streamId = response.value.object?.streamId ?? carried.streamId;
      break;
    case "objectBeginDelete":
      carried.streamId = response.value.streamId;
      break;
    case "segmentBegin":
    case "segmentDownload":
    case "segmentBeginDelete":
      carried.segmentId = response.value.segmentId;
      break;
  }
}

async function runItem(
  satellite: SatelliteParts,
  items: readonly (RequestItem | undefined)[],
  at: number,
  carried: CarriedIds,
  context: CallContext,
): Promise<ResponseItem> {
  const item = items[at];
  if (item === undefined) throw rpcError(RpcStatus.Unknown, "unsupported request type");
  if (item.$case === "objectBegin") {
    const value = await beginUpload(satellite, item.value, !startsSegment(items[at + 1]));
    return { $case: "objectBegin", value };
  }
  if (takesStreamId(item) && item.value.streamId.length === 0) item.value.streamId = carried.streamId;
  if (takesSegmentId(item) && item.value.segmentId.length === 0) item.value.segmentId = carried.segmentId;
  return batchItems(satellite, item, context);
}

/** An upload whose first segment begins in the same batch is not one in parts. */
function startsSegment(item: RequestItem | undefined): boolean {
  return item?.$case === "segmentBegin" || item?.$case === "segmentMakeInline";
}

type Case<Name> = Extract<RequestItem, { $case: Name }>;

function takesStreamId(
  item: RequestItem,
): item is Case<
  | "objectCommit"
  | "objectFinishDelete"
  | "segmentBegin"
  | "segmentList"
  | "segmentMakeInline"
  | "segmentDownload"
  | "segmentBeginDelete"
> {
  switch (item.$case) {
    case "objectCommit":
    case "objectFinishDelete":
    case "segmentBegin":
    case "segmentList":
    case "segmentMakeInline":
    case "segmentDownload":
    case "segmentBeginDelete":
      return true;
    default:
      return false;
  }
}

function takesSegmentId(
  item: RequestItem,
): item is Case<"segmentCommit" | "segmentFinishDelete" | "segmentBeginRetryPieces"> {
  switch (item.$case) {
    case "segmentCommit":
    case "segmentFinishDelete":
    case "segmentBeginRetryPieces":
      return true;
    default:
      return false;
  }
}

interface InlineObject {
  readonly begin: Case<"objectBegin">;
  readonly segment: Case<"segmentMakeInline">;
  readonly commit: Case<"objectCommit">;
}

/** The three items that make a small object, when they stand together and go on from one another. */
function inlineObjectAt(items: readonly (RequestItem | undefined)[], at: number): InlineObject | undefined {
  const [begin, segment, commit] = items.slice(at, at + 3);
  if (begin?.$case !== "objectBegin" || segment?.$case !== "segmentMakeInline") return undefined;
  if (commit?.$case !== "objectCommit") return undefined;
  if (segment.value.streamId.length > 0 || commit.value.streamId.length > 0) return undefined;
  return { begin, segment, commit };
}

async function runInlineObject(satellite: SatelliteParts, inline: InlineObject): Promise<ResponseItem[]> {
  const done = await commitInlineObject(satellite, {
    begin: inline.begin.value,
    segment: inline.segment.value,
    commit: inline.commit.value,
  });
  return [
    { $case: "objectBegin", value: done.begin },
    { $case: "segmentMakeInline", value: done.segment },
    { $case: "objectCommit", value: done.commit },
  ];
}
