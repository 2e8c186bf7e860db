/** One TXT record. */
export interface TxtRecord {
  /** The character strings of the record, each of at most 255 bytes. */
  readonly strings: readonly string[];
  /** How long the record may be used, in seconds. */
  readonly ttl: number;
}

/** Finds TXT records. */
export interface TxtResolver {
  /** Records of a name, with none for names that do not exist. Rejects when that can not be told now. */
  txt(name: string, signal: AbortSignal): Promise<readonly TxtRecord[]>;
}
