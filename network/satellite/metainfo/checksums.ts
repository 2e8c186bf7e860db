import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import type { SatelliteConfig } from "../options.js";

export interface ChecksumFields {
  readonly checksumAlgorithm: number;
  readonly isChecksumComposite: boolean;
  readonly encryptedChecksum: Uint8Array;
}

/** SHA-256: the last one known. */
const lastAlgorithm = 5;

/** storj/storj satellite/metainfo/validation.go, validateChecksumOptions. */
export function checkChecksum(config: SatelliteConfig, fields: ChecksumFields): void {
  checkChecksumForBegin(config, fields);
  if (fields.checksumAlgorithm !== 0 && fields.encryptedChecksum.length === 0) {
    throw rpcError(RpcStatus.ChecksumMissing, "A checksum must be provided if a checksum algorithm is provided");
  }
}

/** The same for the begin of an upload, whose checksum may be known at its end only. */
export function checkChecksumForBegin(config: SatelliteConfig, fields: ChecksumFields): void {
  const { checksumAlgorithm, isChecksumComposite, encryptedChecksum } = fields;
  const hasValue = encryptedChecksum.length > 0;
  if (checksumAlgorithm === 0 && !isChecksumComposite && !hasValue) return;
  if (!config.checksums) throw checksumsOff();
  if (checksumAlgorithm < 0 || checksumAlgorithm > lastAlgorithm) {
    throw rpcError(RpcStatus.ChecksumAlgorithmInvalid, "The checksum algorithm is invalid");
  }
  if (checksumAlgorithm !== 0) return;
  if (isChecksumComposite) {
    throw rpcError(
      RpcStatus.ChecksumTypeUnexpected,
      "A checksum type must not be provided if a checksum algorithm is not provided",
    );
  }
  throw rpcError(
    RpcStatus.ChecksumUnexpected,
    "A checksum must not be provided if a checksum algorithm is not provided",
  );
}

/** Checksums of segments are kept as they come. */
export function checkSegmentChecksum(config: SatelliteConfig, encryptedChecksum: Uint8Array): void {
  if (encryptedChecksum.length > 0 && !config.checksums) throw checksumsOff();
}

function checksumsOff(): Error {
  return rpcError(RpcStatus.ChecksumsUnsupported, "Checksum options may not be provided at this time");
}
