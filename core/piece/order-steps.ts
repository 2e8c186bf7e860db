import type { Order, OrderLimit } from "../../proto/gen/orders.js";
import { signOrder } from "../identity/signing.js";

/*
 * The real uplink goes from 256 to 550 KiB. A signature and its verification cost as much as hashing 200 KiB, and with
 * these steps the pieces of an object of 1 MiB need one order in place of two.
 */
const initialStep = 512 * 1024;
const maximumStep = 2 * 1024 * 1024;

/**
 * Signs orders of growing amounts: trust is built step by step. Nodes honour any amount within the limit.
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
