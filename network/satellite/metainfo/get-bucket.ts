import type {
  GetBucketLocationRequest,
  GetBucketLocationResponse,
  GetBucketRequest,
  GetBucketResponse,
  GetBucketVersioningRequest,
  GetBucketVersioningResponse,
  RequestHeader,
} from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import type { BucketRecord } from "../data/buckets.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { bucketMessage } from "./bucket-message.js";
import type { Handler } from "./handler.js";

async function readableBucket(
  satellite: SatelliteParts,
  request: { name: Uint8Array; header: RequestHeader | undefined },
): Promise<BucketRecord> {
  const caller = await satellite.access.caller(request.header);
  await caller.require({ op: Action.Read, bucket: request.name });
  return satellite.buckets.get(caller.project.id, request.name);
}

export const getBucket: Handler<GetBucketRequest, GetBucketResponse> = async (satellite, request) => ({
  bucket: bucketMessage(await readableBucket(satellite, request), satellite.config),
});

/** Placements have no location text here, which the real satellite answers by an empty one, too. */
export const getBucketLocation: Handler<GetBucketLocationRequest, GetBucketLocationResponse> = async (
  satellite,
  request,
) => {
  await readableBucket(satellite, request);
  return { location: new Uint8Array(0) };
};

export const getBucketVersioning: Handler<GetBucketVersioningRequest, GetBucketVersioningResponse> = async (
  satellite,
  request,
) => ({ versioning: (await readableBucket(satellite, request)).versioning });
