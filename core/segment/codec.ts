/**
 * The seam to what turns plain bytes into pieces and back: padding, content encryption, erasure coding and piece
 * hashing. A codec runs in this thread or in a pool of worker threads; callers can not tell.
 */

/** How one segment is encrypted and spread. */
export interface SegmentLayout {
  readonly cipherSuite: number;
  /** 32 bytes. */
  readonly contentKey: Uint8Array;
  /** 24 bytes: nonce of the segment's first block. */
  readonly startingNonce: Uint8Array;
  /** Bytes of an encrypted block (plain block + overhead), 7424 by default. */
  readonly encryptedBlockSize: number;
  /** k, n and bytes of an erasure share. */
  readonly required: number;
  readonly total: number;
  readonly shareSize: number;
}

/** Hash over whole pieces, as in orders.PieceHashAlgorithm: 0 SHA-256, 1 BLAKE3. */
export type PieceHashAlgorithm = 0 | 1;

/** The next bytes of every piece; all runs of one unit have the same length and follow the unit before. */
export interface EncodedUnit {
  /** `total` views, index = piece number; owned by the receiver. */
  readonly runs: readonly Uint8Array[];
}

export interface EncodedSegment {
  /** Encrypted bytes before padding to stripes. */
  readonly encryptedSize: number;
  readonly plainSize: number;
  /** Bytes of each piece. */
  readonly pieceSize: number;
  /** `total` digests of whole pieces. */
  readonly pieceHashes: readonly Uint8Array[];
}

/**
 * Encodes one segment. Calls are served in order, and a call may be made before the one before is done: with two under
 * way a worker never waits for its caller. After a call that rejects the segment is lost.
 */
export interface SegmentEncoder {
  /** Plain bytes that make a unit of convenient size; `encode` takes any length, but this is the cheapest. */
  readonly unitSize: number;
  /**
   * Takes the next plain bytes; ownership passes, and a buffer that `plain` fills may be transferred. May return a unit with
   * empty runs.
   */
  encode(plain: Uint8Array): Promise<EncodedUnit>;
  /** Pads, returns the last unit and the summary. */
  finish(): Promise<{ unit: EncodedUnit; segment: EncodedSegment }>;
  /** Frees what the encoder holds; safe at any time, also after `finish`. */
  close(): void;
}

/** A share run as it came from a node. */
export interface ShareRun {
  readonly pieceNumber: number;
  readonly data: Uint8Array;
}

export interface DecodeRequest {
  /** At least `required` runs of equal length, a multiple of shareSize; whole stripes. */
  readonly runs: readonly ShareRun[];
  /** Index of the first stripe of these runs within the segment. */
  readonly firstStripe: number;
  /** Encrypted size of the segment, before padding to stripes. */
  readonly encryptedSize: number;
  /** Skip the cipher: return the encrypted bytes (inline checks, repair). False when absent. */
  readonly encryptedOnly?: boolean;
}

export interface DecodeResult {
  /**
   * Plain bytes of all whole cipher blocks that the stripes so far complete, in order. Those of the segment's last block
   * include its padding: the caller cuts at the plain size.
   */
  readonly plain: Uint8Array;
  /** Piece numbers whose runs were found to be corrupt, and were done without. Runs that were not needed are not checked. */
  readonly corrupt: readonly number[];
}

/**
 * Decodes consecutive runs of stripes of one segment. It may start at any stripe: encrypted bytes of a cipher block
 * that began before the first stripe are dropped, and a block that the last stripe cuts waits for the next call. Calls are
 * served in order.
 */
export interface SegmentDecoder {
  /** Stripes that make a unit of convenient size. */
  readonly unitStripes: number;
  /**
   * Decodes the next stripes; a call may also give stripes again, and what was returned before is not returned twice.
   * Data that fails authentication is decoded again with every combination that the given runs allow, some 6 000 at most.
   * Without authentication (null cipher, `encryptedOnly`) all the runs are held against each other if there are more than
   * needed. Rejects with `corrupt-data` when no combination is right: ask more nodes and call again with more runs of the
   * same stripes (from a stripe further back if a block was cut there), for a rejected call changes nothing. Rejects with
   * `decryption-failed` when more nodes can not help: the shares agree with each other, but not with the key.
   */
  decode(request: DecodeRequest): Promise<DecodeResult>;
  close(): void;
}

export interface SegmentCodec {
  encoder(layout: SegmentLayout, hash: PieceHashAlgorithm): SegmentEncoder;
  decoder(layout: SegmentLayout): SegmentDecoder;
  /** Stops the threads, if there are any. */
  close(): Promise<void>;
}
