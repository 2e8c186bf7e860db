/** Object keys and bucket names are bytes on the network; text is taken as UTF-8, unnormalised. */
export type Key = string | Uint8Array;

/**
 * A body: read once, in order, with backpressure, and closed early on failure. Chunks are given away: they must not be
 * changed after they were yielded.
 */
export type ByteSource = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** Custom metadata: text pairs, kept encrypted with the object. At most 2 KiB in all. */
export type CustomMetadata = Readonly<Record<string, string>>;

export interface CallSettings {
  /** Cancels the call; it rejects with `canceled`. */
  signal?: AbortSignal;
}
