import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import test, { type ExecutionContext } from "ava";
import { isPosternError } from "../../../../core/errors.js";
import { createIdentity } from "../../../../core/identity/identity.js";
import { nodeSecureContext, nodeVerification } from "../../../../core/identity/tls.js";
import { createClient } from "../../../../core/rpc/client.js";
import { drpcHeader } from "../../../../core/rpc/drpc/header.js";
import { createPlainDrpcTransport, servePlainDrpc } from "../../../../core/rpc/drpc/plain.js";
import { type ServeDrpcOptions, serveDrpc } from "../../../../core/rpc/drpc/server.js";
import { createDrpcTransport } from "../../../../core/rpc/drpc/transport.js";
import { addressText, parseAddress } from "../../../../core/rpc/tcp.js";
import { bindService, type ServiceHandlers, type Transport } from "../../../../core/rpc/transport.js";
import { deferred } from "../../../helpers/deferred.js";
import { NoteDefinition, note } from "../../../helpers/note-service.js";
import { createRelay } from "../../../helpers/relay.js";
import { until } from "../../../helpers/until.js";
import { webCertificate } from "../../../helpers/web-certificate.js";

const identity = await createIdentity();
const clientIdentity = await createIdentity();
const listen = { host: "127.0.0.1", port: 0 };
const echo: ServiceHandlers<typeof NoteDefinition> = { ask: async (request) => request };

async function serve(t: ExecutionContext, options: Partial<ServeDrpcOptions> = {}) {
  const services = [bindService(NoteDefinition, echo)];
  const server = await serveDrpc({ listen, identity, services, ...options });
  t.teardown(() => server.stop());
  const target = { address: server.address, nodeId: identity.nodeId };
  const dial = async () => {
    const connection = await createDrpcTransport({ identity: clientIdentity }).dial(target);
    t.teardown(() => connection.close());
    return { connection, client: createClient(NoteDefinition, connection) };
  };
  return { server, target, dial };
}

function tcpTo(t: ExecutionContext, address: string): Socket {
  const socket = connect(parseAddress(address));
  socket.setNoDelay();
  socket.on("error", () => {});
  t.teardown(() => socket.destroy());
  return socket;
}

/** Resolves when the peer closes the connection, with what it sent before. */
async function closed(socket: Socket): Promise<string> {
  let received = "";
  socket.on("data", (chunk: Buffer) => {
    received += chunk.toString("latin1");
  });
  if (!socket.closed) await once(socket, "close");
  return received;
}

test("other headers are closed without a word", async (t) => {
  const { server, dial } = await serve(t);
  for (const header of ["DRPC!N!1", "GET / HTTP/1.1\r\n\r\n", "DRPC!!!2rest", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc"]) {
    const socket = tcpTo(t, server.address);
    socket.write(header, "latin1");
    t.is(await closed(socket), "", header);
  }
  t.is((await (await dial()).client.ask(note("still there"))).text, "still there");
});

test("a handshake that takes too long is closed, at whatever point it stops", async (t) => {
  const { server } = await serve(t, { handshakeTimeoutMs: 100 });
  for (const beginning of ["", "DRPC", "DRPC!!!1", "DRPC!!!1\x16\x03\x01"]) {
    const socket = tcpTo(t, server.address);
    socket.write(beginning, "latin1");
    t.is(await closed(socket), "");
  }
});

test("the header may come in pieces, or together with what follows", async (t) => {
  const { server } = await serve(t);
  const inPieces = async (bytes: Buffer, toServer: Socket) => {
    for (const byte of bytes.subarray(0, 20)) {
      toServer.write(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    toServer.write(bytes.subarray(20));
  };
  const together = (bytes: Buffer, toServer: Socket) => void toServer.write(bytes);
  for (const pass of [inPieces, together]) {
    const relay = await createRelay(server.address, { first: { bytes: 100, pass } });
    t.teardown(() => relay.close());
    const transport = createDrpcTransport({ identity: clientIdentity });
    const connection = await transport.dial({ address: relay.address, nodeId: identity.nodeId });
    t.is((await createClient(NoteDefinition, connection).ask(note("through"))).text, "through");
    await connection.close();
  }
});

test("callers must show an identity that verifies", async (t) => {
  const { server } = await serve(t);
  const forged = { ...clientIdentity, chain: [clientIdentity.chain[0]!, identity.chain[1]!] };
  for (const secureContext of [undefined, nodeSecureContext(forged)]) {
    const tcp = tcpTo(t, server.address);
    tcp.write(drpcHeader);
    const tls = connectTls({ socket: tcp, secureContext, ...nodeVerification });
    tls.on("error", () => {});
    await closed(tls);
  }
  t.pass();
});

test("a forged record closes the connection", async (t) => {
  const aborted = deferred<void>();
  const started = deferred<void>();
  const services = [
    bindService(NoteDefinition, {
      async ask(_, { signal }) {
        signal.addEventListener("abort", () => aborted.resolve());
        started.resolve();
        await aborted.promise;
        return note();
      },
    }),
  ];
  const { server } = await serve(t, { services });
  const relay = await createRelay(server.address);
  t.teardown(() => relay.close());
  const transport = createDrpcTransport({ identity: clientIdentity });
  const connection = await transport.dial({ address: relay.address, nodeId: identity.nodeId });
  const asking = createClient(NoteDefinition, connection).ask(note());
  asking.catch(() => {});
  await started.promise;
  // A TLS record of application data that nobody has encrypted.
  relay.toServer.write(Buffer.from([0x17, 3, 3, 0, 32, ...new Uint8Array(32)]));
  await aborted.promise;
  t.true(isPosternError(await t.throwsAsync(asking), "unavailable"));
});

test("connections beyond the limit are closed, and places become free", async (t) => {
  const { server, dial } = await serve(t, { maxConnections: 2 });
  const first = await dial();
  const second = await dial();
  t.true(isPosternError(await t.throwsAsync(dial()), "unavailable"));
  await first.connection.close();
  await until(async () => {
    const socket = tcpTo(t, server.address);
    socket.write(drpcHeader);
    const open = await Promise.race([once(socket, "close").then(() => false), settledOpen(socket)]);
    socket.destroy();
    return open;
  });
  t.is((await second.client.ask(note("second"))).text, "second");
});

/** True when the server leaves the connection open for a moment. */
function settledOpen(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => setTimeout(() => resolve(!socket.closed), 50));
}

test("connections that are silent for too long are closed", async (t) => {
  const { dial } = await serve(t, { inactivityTimeoutMs: 300 });
  const { connection, client } = await dial();
  t.is((await client.ask(note("a"))).text, "a");
  await until(() => connection.closed);
  t.true(isPosternError(await t.throwsAsync(client.ask(note())), "unavailable"));
});

test("a node id that is not the peer's", async (t) => {
  const { server } = await serve(t);
  const transport = createDrpcTransport({ identity: clientIdentity });
  const refused = transport.dial({ address: server.address, nodeId: clientIdentity.nodeId });
  const error = await t.throwsAsync(refused, { message: "peer ID did not match requested ID" });
  t.true(isPosternError(error, "unauthenticated"));
  t.true(isPosternError(await t.throwsAsync(transport.dial({ address: server.address })), "invalid-argument"));
});

test("dialling ends when it takes too long, is aborted, or the peer is no DRPC server", async (t) => {
  const silent = createServer((socket) => socket.on("error", () => {}));
  const rude = createServer((socket) => socket.destroy());
  const babbling = createServer((socket) => socket.on("error", () => {}).write("HTTP/1.1 400 Bad Request\r\n\r\n"));
  const addresses = [silent, rude, babbling].map(async (server) => {
    server.listen(0, "127.0.0.1");
    t.teardown(() => server.close());
    await once(server, "listening");
    return `127.0.0.1:${(server.address() as { port: number }).port}`;
  });
  const transport = createDrpcTransport({ identity: clientIdentity });
  const { nodeId } = identity;
  for (const address of await Promise.all(addresses)) {
    const error = await t.throwsAsync(transport.dial({ address, nodeId }, { timeoutMs: 100 }));
    t.true(isPosternError(error, "unavailable"), address);
  }
  const controller = new AbortController();
  const dialling = transport.dial({ address: await addresses[0]!, nodeId }, { signal: controller.signal });
  controller.abort();
  t.true(isPosternError(await t.throwsAsync(dialling), "canceled"));
  const late = transport.dial({ address: await addresses[0]!, nodeId }, { signal: controller.signal });
  t.true(isPosternError(await t.throwsAsync(late), "canceled"));
});

test("a server that dies in the middle of a call", async (t) => {
  const { server, target } = await serve(t, {
    services: [
      bindService(NoteDefinition, {
        async *talk(requests) {
          yield* requests;
        },
      }),
    ],
  });
  const relay = await createRelay(server.address);
  t.teardown(() => relay.close());
  const transport = createDrpcTransport({ identity: clientIdentity });
  const connection = await transport.dial({ ...target, address: relay.address });
  const stream = createClient(NoteDefinition, connection).talk();
  await stream.send(note("a"));
  t.is((await stream.receive())?.text, "a");
  const receiving = stream.receive();
  relay.toServer.destroy();
  t.true(isPosternError(await t.throwsAsync(receiving), "unavailable"));
  t.true(isPosternError(await t.throwsAsync(stream.send(note())), "unavailable"));
  t.true(connection.closed);
});

test("a Cancel behind data that nobody takes ends the connection after a while", async (t) => {
  const gate = deferred<void>();
  const services = [bindService(NoteDefinition, { gather: () => gate.promise.then(() => note()) })];
  const server = await serveDrpc({ listen, identity, services });
  t.teardown(async () => {
    gate.resolve();
    await server.stop();
  });
  const transport = createDrpcTransport({ identity: clientIdentity, cancelGraceMs: 50 });
  const connection = await transport.dial({ address: server.address, nodeId: identity.nodeId });
  const stream = createClient(NoteDefinition, connection).gather();
  let sent = 0;
  const sending = (async () => {
    for (;;) {
      await stream.send(note("", 0, new Uint8Array(1 << 20)));
      sent++;
    }
  })();
  sending.catch(() => {});
  // Both sides are in this process: when nothing moved for many turns of its event loop, nothing will.
  for (let turns = 0, before = 0; sent === 0 || turns < 5_000; turns++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (sent !== before) turns = 0;
    before = sent;
  }
  stream.cancel();
  t.true(isPosternError(await t.throwsAsync(sending), "canceled"));
  await until(() => connection.closed);
  t.pass();
});

test("in clear and over web TLS, as the auth service speaks it", async (t) => {
  const services = [bindService(NoteDefinition, echo)];
  const { cert, key } = webCertificate();
  const clear = await servePlainDrpc({ listen, services });
  const secure = await servePlainDrpc({ listen, services, tls: { cert, key } });
  t.teardown(() => Promise.all([clear.stop(), secure.stop()]));
  const ask = async (transport: Transport, address: string) => {
    const connection = await transport.dial({ address });
    t.teardown(() => connection.close());
    return (await createClient(NoteDefinition, connection).ask(note("hello"))).text;
  };
  t.is(await ask(createPlainDrpcTransport(), clear.address), "hello");
  const named = secure.address.replace("127.0.0.1", "localhost");
  t.is(await ask(createPlainDrpcTransport({ tls: { ca: cert } }), named), "hello");
  // Another name, unknown roots, and the wrong kind of server.
  t.true(isPosternError(await t.throwsAsync(ask(createPlainDrpcTransport({ tls: { ca: cert } }), secure.address))));
  t.true(isPosternError(await t.throwsAsync(ask(createPlainDrpcTransport({ tls: true }), named)), "unavailable"));
  t.true(
    isPosternError(await t.throwsAsync(ask(createPlainDrpcTransport({ tls: true }), clear.address)), "unavailable"),
  );
});

test("addresses", (t) => {
  t.deepEqual(parseAddress("example.org:7777"), { host: "example.org", port: 7777 });
  t.deepEqual(parseAddress("[::1]:80"), { host: "::1", port: 80 });
  for (const text of ["", "host", "host:", ":80", "host:99999", "::1:80", "http://host:80"]) {
    t.true(
      isPosternError(
        t.throws(() => parseAddress(text)),
        "invalid-argument",
      ),
      text,
    );
  }
  t.is(addressText("::1", 80), "[::1]:80");
  t.is(addressText("127.0.0.1", 80), "127.0.0.1:80");
});
