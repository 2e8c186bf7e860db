import type { IncomingMessage } from "node:http";
import test from "ava";
import { clientAddress } from "../../../frontends/http/index.js";

function addressOf(forwarded: string | undefined, trustedHops: number): string {
  const req = { headers: { "x-forwarded-for": forwarded }, socket: { remoteAddress: "10.0.0.1" } };
  return clientAddress(req as unknown as IncomingMessage, trustedHops);
}

test("so many entries of X-Forwarded-For are believed as there are proxies", (t) => {
  t.is(addressOf("1.1.1.1, 2.2.2.2", 0), "10.0.0.1");
  t.is(addressOf("1.1.1.1, 2.2.2.2", 1), "2.2.2.2");
  t.is(addressOf("1.1.1.1, 2.2.2.2", 2), "1.1.1.1");
  t.is(addressOf("1.1.1.1, 2.2.2.2", 5), "1.1.1.1");
  t.is(addressOf(undefined, 1), "10.0.0.1");
  t.is(addressOf(" , ", 1), "10.0.0.1");
});

test("a port that a proxy tells of is no part of the client", (t) => {
  t.is(addressOf("192.0.2.1:50000", 1), "192.0.2.1");
  t.is(addressOf("[2001:db8::1]:50000", 1), "2001:db8::1");
  t.is(addressOf("[2001:db8::1]", 1), "2001:db8::1");
  t.is(addressOf("2001:db8::1", 1), "2001:db8::1");
});
