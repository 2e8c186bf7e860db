import { equalBytes } from "../../../core/bytes/bytes.js";
import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { Queries } from "../db/queries.js";
import { objectNotFound } from "./errors.js";
import { findLastCommitted } from "./find-object.js";
import { atLocation, locationParams, type ObjectLocation, type UserData } from "./object-record.js";
import type { Micros } from "./times.js";

export interface UpdateMetadata extends ObjectLocation {
  /** The object must still be this one. */
  readonly streamId: Uint8Array;
  readonly userData: UserData;
  /** What is replaced. */
  readonly includes: { readonly metadata: boolean; readonly etag: boolean; readonly checksum: boolean };
  readonly now: Micros;
}

const updateSql = `UPDATE objects SET encrypted_metadata = ?, encrypted_metadata_nonce = ?,
    encrypted_metadata_encrypted_key = ?, encrypted_etag = ?,
    checksum_algorithm = ?, checksum_composite = ?, encrypted_checksum = ?
  WHERE ${atLocation} AND version = ?`;

/**
 * Replaces the user data of the newest version. All of it is encrypted with one key, so what is there must be replaced
 * together (storj/storj satellite/metabase/metadata.go).
 */
export async function updateMetadata(tx: Queries, update: UpdateMetadata): Promise<void> {
  const object = await findLastCommitted(tx, update, update.now);
  if (object === undefined || !equalBytes(object.streamId, update.streamId)) throw objectNotFound();
  const { metadata, etag, checksum } = update.includes;
  const keepsChecksum = !checksum && (object.checksumAlgorithm !== 0 || object.checksum !== null);
  if ((!metadata && object.metadata !== null) || (!etag && object.etag !== null) || keepsChecksum) {
    throw rpcError(
      RpcStatus.InsufficientObjectMetadataIncludes,
      "insufficient metadata includes: the object's metadata contains populated fields not included in the provided includes",
    );
  }
  await tx.run(updateSql, [
    metadata ? update.userData.metadata : null,
    update.userData.metadataNonce,
    update.userData.metadataKey,
    etag ? update.userData.etag : null,
    checksum ? update.userData.checksumAlgorithm : 0,
    checksum ? update.userData.checksumComposite : 0,
    checksum ? update.userData.checksum : null,
    ...locationParams(update),
    object.version,
  ]);
}
