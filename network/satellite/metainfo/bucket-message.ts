import { CipherSuite } from "../../../core/crypto/cipher-suite.js";
import type { Bucket } from "../../../proto/gen/metainfo.js";
import type { BucketRecord } from "../data/buckets.js";
import { timestampOfMicros } from "../data/times.js";
import type { SatelliteConfig } from "../options.js";
import { redundancyMessage } from "./redundancy-message.js";

/** Clients read the name and the time; the rest are the satellite's settings, as the real one fills them in. */
export function bucketMessage(bucket: BucketRecord, config: SatelliteConfig): Bucket {
  return {
    name: bucket.name,
    pathCipher: CipherSuite.AesGcm,
    createdAt: timestampOfMicros(bucket.createdAt),
    defaultSegmentSize: config.limits.maxSegmentSize,
    defaultRedundancyScheme: redundancyMessage(config.redundancy),
    defaultEncryptionParameters: {
      cipherSuite: CipherSuite.AesGcm,
      blockSize: config.redundancy.shareSize * config.redundancy.required,
    },
    partnerId: new Uint8Array(0),
  };
}
