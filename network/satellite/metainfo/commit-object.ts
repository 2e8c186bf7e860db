import type { CommitObjectRequest, CommitObjectResponse } from "../../../proto/gen/metainfo.js";
import { Action } from "../access/caller.js";
import { commitObject as commit } from "../data/commit-object.js";
import type { Encryption, UserData } from "../data/object-record.js";
import { microsOfMillis, microsOfTimestamp } from "../data/times.js";
import { checkUserData } from "../data/user-data.js";
import { openStreamId } from "../ids/stream-id.js";
import type { SatelliteParts } from "../satellite-parts.js";
import { checkChecksum } from "./checksums.js";
import type { Handler } from "./handler.js";
import { objectMessage } from "./object-message.js";
import { checkUserDataSize, streamMetaOf, userDataOf } from "./user-data-message.js";

export const commitObject: Handler<CommitObjectRequest, CommitObjectResponse> = async (satellite, request) => {
  const caller = await satellite.access.caller(request.header, { tolerant: true });
  const projectId = caller.project.id;
  const stream = openStreamId(satellite.seal, projectId, request.streamId);
  const at = { bucket: stream.bucket, path: stream.encryptedObjectKey };
  await caller.require({ op: Action.Write, ...at });
  const mayDelete = await caller.may({ op: Action.Delete, ...at });
  const sight = {
    retention: await caller.may({ op: Action.GetObjectRetention, ...at }),
    legalHold: await caller.may({ op: Action.GetObjectLegalHold, ...at }),
  };

  const userData = commitUserData(satellite, request);
  const fallback = stream.encryptionParameters;
  const object = await satellite.db.write((tx) =>
    commit(tx, {
      projectId,
      bucket: stream.bucket,
      key: stream.encryptedObjectKey,
      version: stream.version,
      streamId: stream.streamId,
      expiresAt: microsOfTimestamp(stream.expirationDate),
      encryption: encryptionOf(userData) ?? {
        cipher: fallback?.cipherSuite ?? 0,
        blockSize: fallback?.blockSize ?? 0,
      },
      userData,
      versioned: stream.versioned,
      disallowDelete: !mayDelete,
      ifNoneMatch: request.ifNoneMatch,
      now: microsOfMillis(caller.time),
      partLimits: satellite.config.limits,
    }),
  );
  return { object: objectMessage(satellite, projectId, stream.bucket, object, sight) };
};

/**
 * Null when the request has none, which keeps what the upload was begun with. Old clients send a key for no data, or
 * put the key into the metadata.
 */
export function commitUserData(satellite: SatelliteParts, request: CommitObjectRequest): UserData | null {
  checkChecksum(satellite.config, request);
  const given = userDataOf(request);
  const checksum = given.checksumAlgorithm !== 0 || given.checksum !== null;
  if (given.metadata === null && given.etag === null && !checksum) return null;
  const data = given.metadataKey === null && given.metadataNonce === null ? withLegacyKey(given) : given;
  checkUserDataSize(data, satellite.config.limits);
  checkUserData(data);
  return data;
}

function withLegacyKey(data: UserData): UserData {
  const legacy = streamMetaOf(data.metadata).lastSegmentMeta;
  if (legacy === undefined || legacy.encryptedKey.length === 0) return data;
  return { ...data, metadataKey: legacy.encryptedKey, metadataNonce: legacy.keyNonce };
}

/** Old clients name the cipher in the metadata only. */
export function encryptionOf(data: UserData | null): Encryption | undefined {
  if (data?.metadata == null) return undefined;
  const meta = streamMetaOf(data.metadata);
  if (meta.encryptionType === 0) return undefined;
  return { cipher: meta.encryptionType, blockSize: meta.encryptionBlockSize };
}
