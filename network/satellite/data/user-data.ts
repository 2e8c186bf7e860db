import { invalidRequest } from "./errors.js";
import type { UserData } from "./object-record.js";

/**
 * Encrypted data and the key for it come together or not at all
 * (storj/storj satellite/metabase/metadata.go, EncryptedUserData.Verify).
 */
export function checkUserData(data: UserData): void {
  checkUserDataForBegin(data);
  if (data.checksumAlgorithm !== 0 && data.checksum === null) {
    throw invalidRequest("Checksum.EncryptedValue must be set if Checksum.Algorithm is set");
  }
}

/** The value of a checksum may come later than its algorithm: with the commit. */
export function checkUserDataForBegin(data: UserData): void {
  if ((data.metadataNonce === null) !== (data.metadataKey === null)) {
    throw invalidRequest("EncryptedMetadataNonce and EncryptedMetadataEncryptedKey must always be set together");
  }
  const hasData = data.metadata !== null || data.etag !== null || data.checksum !== null;
  const hasKey = data.metadataKey !== null;
  if (hasData && !hasKey) {
    throw invalidRequest(
      "EncryptedMetadataNonce and EncryptedMetadataEncryptedKey must be set when EncryptedMetadata, EncryptedETag, or Checksum.EncryptedValue are set",
    );
  }
  if (!hasData && hasKey) {
    throw invalidRequest(
      "EncryptedMetadataNonce and EncryptedMetadataEncryptedKey must be empty when EncryptedMetadata, EncryptedETag, and Checksum.EncryptedValue are empty",
    );
  }
}
