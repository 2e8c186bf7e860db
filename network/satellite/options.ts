import { PosternError } from "../../core/errors.js";
import type { Redundancy } from "./data/segment-record.js";

/** What a client may ask for. Defaults are those of the real satellites (storj/storj satellite/metainfo/config.go). */
export interface SatelliteLimits {
  /** Plain bytes that an inline segment may hold; 4 KiB. */
  readonly maxInlineSegmentSize: number;
  /** Plain bytes of a segment; 64 MiB. */
  readonly maxSegmentSize: number;
  /** Bytes of an encrypted object key; 4 000. */
  readonly maxKeyLength: number;
  /** Bytes of encrypted metadata and ETag together; 2 KiB. */
  readonly maxMetadataSize: number;
  /** 10 000. */
  readonly maxParts: number;
  /** Plain bytes of every part but the last; 5 MiB. */
  readonly minPartSize: number;
  /** Buckets of a project that has no limit of its own; 100. */
  readonly maxBuckets: number;
  /** Segments of an object that may be copied or moved; 10 000. */
  readonly maxCopySegments: number;
}

export interface RateLimit {
  /** Requests of a project in a second, over time. */
  readonly perSecond: number;
  /** Requests that may come at once. */
  readonly burst: number;
}

/** How often one object may be uploaded. */
export interface UploadRate {
  /** Milliseconds between two uploads, over time. */
  readonly intervalMs: number;
  /** Uploads that may come at once. */
  readonly burst: number;
}

/** Of projects that have no limits of their own; nothing is limited when absent. */
export interface UsageLimits {
  /** Encrypted bytes. */
  readonly storage?: number;
  readonly segments?: number;
  /** Bytes downloaded in a month. */
  readonly egress?: number;
}

/** How long things last, in milliseconds. */
export interface SatelliteTimes {
  /** From an order limit to the end of its use; 24 hours. */
  readonly orderExpirationMs: number;
  /** From the begin of a segment to its commit; 48 hours. */
  readonly segmentCommitMs: number;
  /** Upload without progress until it is thrown away; 24 hours. */
  readonly zombieMs: number;
  /** Silence of a node until it is taken for offline; 4 hours. */
  readonly onlineWindowMs: number;
  /** Between two pings of a node that is silent; 30 seconds, 0 for never. */
  readonly pingIntervalMs: number;
  /** Limit of one ping; 5 seconds. */
  readonly pingTimeoutMs: number;
  /** Between two removals of what has expired; 60 seconds, 0 for never. */
  readonly choreIntervalMs: number;
  /** Between two looks for segments that need repair; 5 minutes, 0 for never. */
  readonly repairIntervalMs: number;
  /** Between two rounds of garbage collection; 6 hours, 0 for never. */
  readonly gcIntervalMs: number;
  /** How old pieces must at least be to be garbage; `segmentCommitMs`: as late as that, a segment may want them. */
  readonly gcMarginMs: number;
  /** Between two audits of 3 random segments; a minute, 0 for never. */
  readonly auditIntervalMs: number;
}

export interface SatelliteConfig {
  readonly redundancy: Redundancy;
  readonly limits: SatelliteLimits;
  readonly times: SatelliteTimes;
  /** For projects without a limit of their own; undefined for none. */
  readonly rateLimit: RateLimit | undefined;
  /** Undefined for none. */
  readonly uploadRate: UploadRate | undefined;
  readonly usageLimits: UsageLimits;
  /** Whether objects and segments may come with checksums; their use ends in status 10027 otherwise. */
  readonly checksums: boolean;
  /** Bytes a node must have free to be given new pieces. */
  readonly minFreeDisk: number;
}

export interface SatelliteConfigInit {
  readonly redundancy?: Redundancy;
  readonly limits?: Partial<SatelliteLimits>;
  readonly times?: Partial<SatelliteTimes>;
  readonly rateLimit?: RateLimit;
  readonly uploadRate?: UploadRate;
  readonly usageLimits?: UsageLimits;
  /** True when absent. */
  readonly checksums?: boolean;
  readonly minFreeDisk?: number;
}

const minute = 60_000;
const hour = 60 * minute;

/** Fills in the defaults; redundancy is 4/6/8/10-256B, what the real satellite uses outside of production. */
export function satelliteConfig(init: SatelliteConfigInit = {}): SatelliteConfig {
  const redundancy = init.redundancy ?? { required: 4, repair: 6, optimal: 8, total: 10, shareSize: 256 };
  checkRedundancy(redundancy);
  return {
    redundancy,
    limits: {
      maxInlineSegmentSize: 4096,
      maxSegmentSize: 64 * 1024 * 1024,
      maxKeyLength: 4000,
      maxMetadataSize: 2048,
      maxParts: 10_000,
      minPartSize: 5 * 1024 * 1024,
      maxBuckets: 100,
      maxCopySegments: 10_000,
      ...init.limits,
    },
    times: {
      orderExpirationMs: 24 * hour,
      segmentCommitMs: 48 * hour,
      zombieMs: 24 * hour,
      onlineWindowMs: 4 * hour,
      pingIntervalMs: 30_000,
      pingTimeoutMs: 5_000,
      choreIntervalMs: 60_000,
      repairIntervalMs: 5 * minute,
      gcIntervalMs: 6 * hour,
      gcMarginMs: init.times?.segmentCommitMs ?? 48 * hour,
      auditIntervalMs: minute,
      ...init.times,
    },
    rateLimit: init.rateLimit,
    uploadRate: init.uploadRate,
    usageLimits: init.usageLimits ?? {},
    checksums: init.checksums ?? true,
    minFreeDisk: init.minFreeDisk ?? 128 * 1024 * 1024,
  };
}

function checkRedundancy({ required, repair, optimal, total, shareSize }: Redundancy): void {
  const ordered = required >= 1 && required <= repair && repair <= optimal && optimal <= total && total <= 255;
  if (!ordered || !Number.isInteger(shareSize) || shareSize < 1) {
    throw new PosternError("invalid-argument", `impossible redundancy ${required}/${repair}/${optimal}/${total}`);
  }
}
