import type { Order, OrderLimit } from "../../proto/gen/orders.js";
import { signOrder } from "../identity/signing.js";

const initialStep = 256 * 1024;
const maximumStep = 550 * 1024;

/**
 * Signs orders of growing amounts: trust is built step by step.
 * Source: storj/uplink private/piecestore/client.go (DefaultConfig, nextOrderStep).
 */
export class OrderSteps {
  /** Bytes ordered so far. */
  ordered = 0;
  /** Bytes that the next order will add at most. */
  step = initialStep;

  constructor(
    private readonly limit: OrderLimit,
    private readonly privateKey: Uint8Array,
  ) {}

  /** An order up to `amount` bytes in all; the step grows. */
  sign(amount: number): Order {
    this.ordered = amount;
    this.step = Math.min(Math.floor((this.step * 3) / 2), maximumStep);
    return signOrder(
      { serialNumber: this.limit.serialNumber, amount, uplinkSignature: new Uint8Array(0) },
      this.privateKey,
    );
  }
}
