import { RpcStatus, rpcError } from "../../../core/rpc/status.js";
import { StreamMeta } from "../../../proto/gen/streams.js";
import type { UserData } from "../data/object-record.js";
import { sizeText } from "../data/segment-totals.js";
import type { SatelliteLimits } from "../options.js";

/** AES-256 key, tag. */
const encryptedKeySize = 48;

/** Bytes of a message for a column: null for none. */
export function bytesOrNull(bytes: Uint8Array): Uint8Array | null {
  return bytes.length === 0 ? null : bytes;
}

/** An absent nonce and 24 zero bytes are the same to Go. */
export function nonceOrNull(nonce: Uint8Array): Uint8Array | null {
  return nonce.some((byte) => byte !== 0) ? nonce : null;
}

export interface UserDataFields {
  readonly encryptedMetadata: Uint8Array;
  readonly encryptedMetadataNonce: Uint8Array;
  readonly encryptedMetadataEncryptedKey: Uint8Array;
  readonly encryptedEtag: Uint8Array;
  readonly checksumAlgorithm: number;
  readonly isChecksumComposite: boolean;
  readonly encryptedChecksum: Uint8Array;
}

/** The checksum of an object as messages carry it. */
export function checksumFields(data: Pick<UserData, "checksumAlgorithm" | "checksumComposite" | "checksum">) {
  return {
    checksumAlgorithm: data.checksumAlgorithm,
    isChecksumComposite: data.checksumComposite !== 0,
    encryptedChecksum: data.checksum ?? new Uint8Array(0),
  };
}

export function userDataOf(fields: UserDataFields): UserData {
  return {
    metadata: bytesOrNull(fields.encryptedMetadata),
    metadataNonce: nonceOrNull(fields.encryptedMetadataNonce),
    metadataKey: bytesOrNull(fields.encryptedMetadataEncryptedKey),
    etag: bytesOrNull(fields.encryptedEtag),
    checksumAlgorithm: fields.checksumAlgorithm,
    checksumComposite: fields.isChecksumComposite ? 1 : 0,
    checksum: bytesOrNull(fields.encryptedChecksum),
  };
}

/** Size and form of what a client wants kept with an object. Status 3. */
export function checkUserDataSize(data: UserData, limits: SatelliteLimits): void {
  const size = (data.metadata?.length ?? 0) + (data.etag?.length ?? 0) + (data.checksum?.length ?? 0);
  if (size > limits.maxMetadataSize) {
    throw rpcError(
      RpcStatus.InvalidArgument,
      `Encrypted metadata is too large, got ${sizeText(size)}, maximum allowed is ${sizeText(limits.maxMetadataSize)}`,
    );
  }
  if (data.metadataKey !== null && data.metadataKey.length !== encryptedKeySize) {
    throw rpcError(
      RpcStatus.InvalidArgument,
      `Encrypted metadata key size is invalid, got ${data.metadataKey.length}, expected ${encryptedKeySize}`,
    );
  }
  // It is read and rewritten with each reply, so what can not be read must not get in.
  if (data.metadata !== null) streamMetaOf(data.metadata);
}

/** The StreamMeta message that metadata is; status 3 when it is none. */
export function streamMetaOf(metadata: Uint8Array | null): StreamMeta {
  try {
    return StreamMeta.decode(metadata ?? new Uint8Array(0));
  } catch (cause) {
    throw rpcError(RpcStatus.InvalidArgument, "Encrypted metadata is not a stream metadata message", cause);
  }
}
