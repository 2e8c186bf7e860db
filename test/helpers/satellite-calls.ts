import { utf8 } from "../../core/bytes/bytes.js";
import {
  BatchRequest,
  type BatchRequestItem,
  BeginObjectRequest,
  type BeginObjectResponse,
  CommitObjectRequest,
  CreateBucketRequest,
  ListObjectsRequest,
  type ListObjectsResponse,
  MakeInlineSegmentRequest,
  type Object as ObjectMessage,
  type RequestHeader,
} from "../../proto/gen/metainfo.js";
import { encryptedKey, encryptionParameters, nonce, type TestSatellite } from "./satellite.js";

type PartialBegin = Parameters<typeof BeginObjectRequest.fromPartial>[0];
type PartialCommit = Parameters<typeof CommitObjectRequest.fromPartial>[0];
type PartialList = Parameters<typeof ListObjectsRequest.fromPartial>[0];

export async function createBucket(on: TestSatellite, name: string): Promise<void> {
  await on.client.createBucket(CreateBucketRequest.fromPartial({ name: utf8(name), header: on.header }));
}

export interface PutOptions {
  readonly header?: RequestHeader;
  readonly data?: Uint8Array;
  readonly begin?: PartialBegin;
  readonly commit?: PartialCommit;
}

/** The three items of a small object's batch. */
export function inlineItems(bucket: string, key: string | Uint8Array, options: PutOptions = {}): BatchRequestItem[] {
  const data = options.data ?? utf8("data");
  return [
    {
      request: {
        $case: "objectBegin",
        value: BeginObjectRequest.fromPartial({
          bucket: utf8(bucket),
          encryptedObjectKey: typeof key === "string" ? utf8(key) : key,
          encryptionParameters,
          ...options.begin,
        }),
      },
    },
    {
      request: {
        $case: "segmentMakeInline",
        value: MakeInlineSegmentRequest.fromPartial({
          position: {},
          encryptedKey: encryptedKey(),
          encryptedKeyNonce: nonce(),
          encryptedInlineData: data,
          plainSize: data.length,
        }),
      },
    },
    { request: { $case: "objectCommit", value: CommitObjectRequest.fromPartial(options.commit ?? {}) } },
  ];
}

/** Stores a small object as libuplink does, in one batch. */
export async function putInline(
  on: TestSatellite,
  bucket: string,
  key: string | Uint8Array,
  options: PutOptions = {},
): Promise<ObjectMessage> {
  const { responses } = await on.client.batch({
    ...BatchRequest.fromPartial({ header: options.header ?? on.header }),
    requests: inlineItems(bucket, key, options),
  });
  const last = responses[2]?.response;
  if (last?.$case !== "objectCommit") throw new Error("the batch has no commit");
  return last.value.object!;
}

/** Begins an upload in parts. */
export function beginUpload(
  on: TestSatellite,
  bucket: string,
  key: string,
  fields: PartialBegin = {},
): Promise<BeginObjectResponse> {
  return on.client.beginObject(
    BeginObjectRequest.fromPartial({
      bucket: utf8(bucket),
      encryptedObjectKey: utf8(key),
      encryptionParameters,
      header: on.header,
      ...fields,
    }),
  );
}

export function makeInline(
  on: TestSatellite,
  streamId: Uint8Array,
  position: { partNumber?: number; index?: number },
  data: Uint8Array,
) {
  return on.client.makeInlineSegment(
    MakeInlineSegmentRequest.fromPartial({
      streamId,
      position,
      encryptedKey: encryptedKey(),
      encryptedKeyNonce: nonce(),
      encryptedInlineData: data,
      plainSize: data.length,
      header: on.header,
    }),
  );
}

export function commitUpload(on: TestSatellite, streamId: Uint8Array, fields: PartialCommit = {}) {
  return on.client.commitObject(CommitObjectRequest.fromPartial({ streamId, header: on.header, ...fields }));
}

export function list(on: TestSatellite, bucket: string, fields: PartialList = {}): Promise<ListObjectsResponse> {
  return on.client.listObjects(
    ListObjectsRequest.fromPartial({ bucket: utf8(bucket), header: on.header, useObjectIncludes: true, ...fields }),
  );
}
