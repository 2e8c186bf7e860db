import type { BeginObjectRequest, BeginObjectResponse } from "../../../proto/gen/metainfo.js";
import { beginObject as insertPending } from "../data/begin-object.js";
import { BucketVersioning, findBucket } from "../data/buckets.js";
import { bucketNotFound } from "../data/errors.js";
import { microsOfMillis, optionalTimestamp, timestampOfMicros } from "../data/times.js";
import { newUuid } from "../data/uuid.js";
import { isConstraintError } from "../db/errors.js";
import { sealStreamId } from "../ids/stream-id.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { type BeginObjectTerms, checkBeginObject } from "./begin-object-checks.js";
import type { Handler } from "./handler.js";
import { redundancyMessage } from "./redundancy-message.js";

/** Alone, or not followed by a segment in its batch: the begin of an upload in parts. */
export const beginObject: Handler<BeginObjectRequest, BeginObjectResponse> = (satellite, request) =>
  beginUpload(satellite, request, true);

export async function beginUpload(
  satellite: SatelliteParts,
  request: BeginObjectRequest,
  multipart: boolean,
): Promise<BeginObjectResponse> {
  const terms = await checkBeginObject(satellite, request);
  const now = microsOfMillis(terms.caller.time);
  const streamId = newUuid();
  const projectId = terms.caller.project.id;
  const version = await unlessBucketGone(satellite, terms, () =>
    satellite.db.write((tx) =>
      insertPending(tx, {
        projectId,
        bucket: request.bucket,
        key: request.encryptedObjectKey,
        streamId,
        now,
        expiresAt: terms.expiresAt,
        encryption: terms.encryption,
        userData: terms.userData,
        retention: terms.retention,
        legalHold: request.legalHold,
        zombieDeadline: now + microsOfMillis(satellite.config.times.zombieMs),
      }),
    ),
  );
  return beginObjectMessage(satellite, request, terms, { version, streamId, multipart });
}

export function beginObjectMessage(
  satellite: SatelliteParts,
  request: BeginObjectRequest,
  terms: BeginObjectTerms,
  stream: { version: number; streamId: Uint8Array; multipart: boolean },
): BeginObjectResponse {
  const { bucket, encryptedObjectKey, retention, legalHold } = request;
  const id = sealStreamId(satellite.seal, terms.caller.project.id, {
    bucket,
    encryptedObjectKey,
    version: stream.version,
    creationDate: timestampOfMicros(microsOfMillis(terms.caller.time)),
    expirationDate: optionalTimestamp(terms.expiresAt),
    satelliteSignature: new Uint8Array(0),
    streamId: stream.streamId,
    multipartObject: stream.multipart,
    encryptionParameters: {
      cipherSuite: terms.encryption.cipher,
      blockSize: terms.encryption.blockSize,
    },
    placement: terms.bucket.placement,
    versioned: terms.bucket.versioning === BucketVersioning.Enabled,
    retention,
    legalHold,
  });
  return {
    bucket,
    encryptedObjectKey,
    version: 0,
    streamId: id,
    redundancyScheme: redundancyMessage(satellite.config.redundancy),
    encryptionParameters: undefined,
  };
}

const maxAttempts = 3;

/**
 * The bucket may have gone since it was looked up; the foreign key tells. While it is there, another satellite on the
 * same database has taken the version number, and there is a next one.
 */
export async function unlessBucketGone<T>(
  satellite: SatelliteParts,
  terms: BeginObjectTerms,
  work: () => Promise<T>,
): Promise<T> {
  const { name } = terms.bucket;
  const projectId = terms.caller.project.id;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!isConstraintError(error)) throw error;
      satellite.buckets.forget(projectId, name);
      if ((await findBucket(satellite.db.read, projectId, name)) === undefined) throw bucketNotFound(name);
      if (attempt === maxAttempts) throw error;
    }
  }
}
