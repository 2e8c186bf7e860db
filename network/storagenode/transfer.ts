import type { Identity } from "../../core/identity/identity.js";
import { RpcStatus, rpcError } from "../../core/rpc/status.js";
import type { LostPieceReason } from "../../proto/gen/contact.js";
import type { OrderLimit } from "../../proto/gen/orders.js";
import type { NodeFaults } from "./faults.js";
import type { LimitCheck } from "./order-limits.js";
import type { OrdersStore } from "./orders-store.js";
import type { PieceStore } from "./piece-store.js";
import type { Space } from "./space.js";
import type { TransferStats } from "./stats.js";

/** What the handlers of uploads and downloads work with. */
export interface TransferParts {
  readonly identity: Identity;
  readonly store: PieceStore;
  readonly orders: OrdersStore;
  readonly checkLimit: LimitCheck;
  readonly reserveSpace: Space["reserve"];
  /** Notes when the piece of an upload expires, if it does. */
  readonly noteExpiration: (limit: OrderLimit) => Promise<void>;
  /** Hears that a piece is not as it was stored. */
  readonly onLostPiece: (limit: OrderLimit, reason: LostPieceReason) => void;
  readonly uploads: TransferStats;
  readonly downloads: TransferStats;
  /** Transfers at a time. */
  readonly maxTransfers: number;
  /** Milliseconds to wait for a message of the caller. */
  readonly messageTimeoutMs: number;
  readonly now: () => number;
  readonly faults: NodeFaults;
}

/** Throws status 14 when no more transfers are taken. */
export function refuseWhenBusy({ uploads, downloads, maxTransfers }: TransferParts): void {
  if (uploads.active + downloads.active < maxTransfers) return;
  throw rpcError(RpcStatus.Unavailable, `storage node overloaded, request limit: ${maxTransfers}`);
}
