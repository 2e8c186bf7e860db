import type { KeyObject } from "node:crypto";
import { equalBytes } from "../../../core/bytes/bytes.js";
import { PosternError } from "../../../core/errors.js";
import { derivePieceId } from "../../../core/identity/piece-id.js";
import { verifyOrderLimit, verifyUplinkPieceHash } from "../../../core/identity/signing.js";
import { downloadPiece } from "../../../core/piece/download.js";
import type { ConnectionSource } from "../../../core/rpc/transport.js";
import { createPieceHasher, type PieceHasher } from "../../../core/segment/piece-hash.js";
import type { AddressedOrderLimit } from "../../../proto/gen/metainfo.js";
import { type OrderLimit, type PieceHash, PieceHashAlgorithm } from "../../../proto/gen/orders.js";
import { RunReader } from "./run-reader.js";
import type { HeldPiece } from "./segment-health.js";

export interface RepairSourceOptions {
  readonly connections: ConnectionSource;
  readonly piece: HeldPiece;
  readonly rootPieceId: Uint8Array;
  readonly pieceSize: number;
  readonly addressedLimit: AddressedOrderLimit;
  readonly privateKey: Uint8Array;
  /** The satellite's own, for the order limit that the piece was uploaded with. */
  readonly satelliteKey: KeyObject;
  readonly stallTimeoutMs: number;
  readonly signal: AbortSignal;
}

const windowBytes = 1024 * 1024;

/** A whole piece that is read from its node and held against the hash that its uploader signed. */
export interface RepairSource {
  readonly piece: HeldPiece;
  read(size: number): Promise<Uint8Array>;
  /** After the last byte. @throws PosternError corrupt-data */
  verify(): void;
  close(): Promise<void>;
}

/**
 * Nodes send the hash with its signature, and the order limit that names the signer's key, before the bytes of a piece
 * that is read for repair (storj/storj satellite/repair/repairer/ec.go).
 */
export function openRepairSource(options: RepairSourceOptions): RepairSource {
  const { piece, pieceSize, satelliteKey } = options;
  let origin: { readonly hash: PieceHash; readonly limit: OrderLimit } | undefined;
  let hasher: PieceHasher | undefined;
  const reader = new RunReader(
    downloadPiece(options.connections, {
      addressedLimit: options.addressedLimit,
      privateKey: options.privateKey,
      offset: 0,
      size: pieceSize,
      windowBytes,
      stallTimeoutMs: options.stallTimeoutMs,
      signal: options.signal,
      onOrigin: (hash, limit) => {
        origin ??= { hash, limit };
      },
    }),
  );
  const bad = (detail: string) => new PosternError("corrupt-data", `piece ${piece.number}: ${detail}`);
  return {
    piece,
    async read(size) {
      const run = await reader.read(size);
      if (origin === undefined) throw bad("came without its hash");
      hasher ??= createPieceHasher(origin.hash.hashAlgorithm === PieceHashAlgorithm.BLAKE3 ? 1 : 0);
      hasher.update(run);
      return run;
    },
    verify() {
      if (origin === undefined || hasher === undefined) throw bad("came without its hash");
      const { hash, limit } = origin;
      const pieceId = derivePieceId(options.rootPieceId, piece.nodeId, piece.number);
      if (!equalBytes(limit.pieceId, pieceId) || !equalBytes(hash.pieceId, pieceId)) throw bad("is another piece");
      if (!verifyOrderLimit(limit, satelliteKey)) throw bad("was not allowed by this satellite");
      if (!verifyUplinkPieceHash(hash, limit.uplinkPublicKey)) throw bad("has a hash that nobody signed");
      if (!equalBytes(hash.hash, hasher.digest())) throw bad("differs from its hash");
    },
    close: () => reader.close(),
  };
}
