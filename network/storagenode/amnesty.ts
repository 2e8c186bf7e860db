import type { PieceId } from "../../core/identity/piece-id.js";
import type { Transport } from "../../core/rpc/transport.js";
import { AmnestyReportRequest, type LostPiece, type LostPieceReason, NodeDefinition } from "../../proto/gen/contact.js";
import type { TrustedSatellite } from "./trust.js";

/** Tells satellites which pieces are damaged, before an audit finds out (storj/storj storagenode/contact/amnesty.go). */
export interface Amnesty {
  report(satellite: TrustedSatellite, pieceId: PieceId, reason: LostPieceReason): void;
  /** Sends what is left, for as long as one call may take, and takes no more. */
  stop(): Promise<void>;
}

export interface AmnestyOptions {
  readonly transport: Transport;
  readonly timeoutMs: number;
  /** Milliseconds that reports wait for others. */
  readonly delayMs?: number;
  readonly onProblem: (error: unknown) => void;
}

const batchSize = 50;
/** Reports of one satellite that wait; more are dropped, and found by audits. */
const maxWaiting = 10_000;

interface Batch {
  readonly waiting: LostPiece[];
  timer?: NodeJS.Timeout | undefined;
}

export function createAmnesty({ transport, timeoutMs, delayMs = 5000, onProblem }: AmnestyOptions): Amnesty {
  const batches = new Map<TrustedSatellite, Batch>();
  const sending = new Set<Promise<void>>();
  let stopped = false;

  function flush(satellite: TrustedSatellite, batch: Batch): void {
    clearTimeout(batch.timer);
    batch.timer = undefined;
    while (batch.waiting.length > 0) {
      const sent = send(satellite, batch.waiting.splice(0, batchSize)).catch(onProblem);
      sending.add(sent);
      void sent.then(() => sending.delete(sent));
    }
  }

  async function send({ id, address }: TrustedSatellite, lostPieces: LostPiece[]): Promise<void> {
    const connection = await transport.dial({ address, nodeId: id }, { timeoutMs });
    try {
      const request = AmnestyReportRequest.create({ lostPieces });
      await connection.unary(NodeDefinition, NodeDefinition.methods.amnestyReport, request, { timeoutMs });
    } finally {
      await connection.close();
    }
  }

  return {
    report(satellite, pieceId, reason) {
      let batch = batches.get(satellite);
      if (batch === undefined) {
        batch = { waiting: [] };
        batches.set(satellite, batch);
      }
      if (stopped || batch.waiting.length >= maxWaiting) return;
      batch.waiting.push({ pieceId: Uint8Array.from(pieceId), reason });
      if (batch.waiting.length >= batchSize) flush(satellite, batch);
      else batch.timer ??= setTimeout(flush, delayMs, satellite, batch).unref();
    },
    async stop() {
      stopped = true;
      for (const [satellite, batch] of batches) flush(satellite, batch);
      await Promise.all(sending);
    },
  };
}
