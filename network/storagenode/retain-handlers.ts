import { equalBytes } from "../../core/bytes/bytes.js";
import { maxFilterBytes, parseBloomFilter } from "../../core/piece/bloom-filter.js";
import { RpcStatus, rpcError } from "../../core/rpc/status.js";
import type { CallContext } from "../../core/rpc/transport.js";
import { createPieceHasher } from "../../core/segment/piece-hash.js";
import {
  type RestoreTrashRequest,
  type RestoreTrashResponse,
  RetainRequest,
  type RetainResponse,
} from "../../proto/gen/piecestore.js";
import type { RetainQueue } from "./retain.js";
import { callingSatellite, type Trust } from "./trust.js";

export interface RetainParts {
  readonly trust: Trust;
  readonly queue: RetainQueue;
  /** Makes the queue work. */
  readonly wake: () => void;
  /** Starts to take everything of a satellite out of the trash. */
  readonly restoreTrash: (satelliteId: Uint8Array) => void;
}

/**
 * Retain, RetainBig and RestoreTrash, which answer when the work is noted, not when it is done. Statuses and texts as
 * in storj/storj storagenode/piecestore/endpoint.go and storj/uplink private/piecestore/client.go.
 */
export function createRetainHandlers({ trust, queue, wake, restoreTrash }: RetainParts) {
  async function accept(satelliteId: Uint8Array, request: RetainRequest): Promise<RetainResponse> {
    try {
      parseBloomFilter(request.filter);
    } catch (error) {
      throw rpcError(RpcStatus.InvalidArgument, (error as Error).message, error);
    }
    await queue.add(satelliteId, request);
    wake();
    return {};
  }

  return {
    async retain(request: RetainRequest, { peerChain }: CallContext): Promise<RetainResponse> {
      const { id } = callingSatellite(trust, peerChain, "retain called with untrusted ID");
      if (request.hash.length > 0 && !hashMatches(request, request.filter)) {
        throw rpcError(RpcStatus.Internal, "hash mismatch");
      }
      return accept(id, request);
    },

    async retainBig(requests: AsyncIterable<RetainRequest>, { peerChain }: CallContext): Promise<RetainResponse> {
      const { id } = callingSatellite(trust, peerChain, "retain called with untrusted ID");
      const parts: Uint8Array[] = [];
      let size = 0;
      let creationDate: RetainRequest["creationDate"];
      for await (const request of requests) {
        creationDate ??= request.creationDate;
        // What is received is only good until the next message.
        parts.push(Uint8Array.from(request.filter));
        size += request.filter.length;
        if (size > maxFilterBytes) throw rpcError(RpcStatus.InvalidArgument, "filter too large");
        if (request.hash.length === 0) continue;
        const filter = Buffer.concat(parts);
        if (!hashMatches(request, filter)) throw rpcError(RpcStatus.Internal, "Hash mismatch");
        const { hash, hashAlgorithm } = request;
        return accept(id, RetainRequest.create({ creationDate, filter, hash, hashAlgorithm }));
      }
      throw rpcError(RpcStatus.Internal, "EOF");
    },

    async restoreTrash(_request: RestoreTrashRequest, { peerChain }: CallContext): Promise<RestoreTrashResponse> {
      restoreTrash(callingSatellite(trust, peerChain, "RestoreTrash called with untrusted ID").id);
      return {};
    },
  };
}

function hashMatches({ hash, hashAlgorithm }: RetainRequest, filter: Uint8Array): boolean {
  const hasher = createPieceHasher(hashAlgorithm === 1 ? 1 : 0);
  hasher.update(filter);
  return equalBytes(hasher.digest(), hash);
}
