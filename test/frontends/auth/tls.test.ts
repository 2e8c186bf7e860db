import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { Agent, request } from "node:https";
import { connect } from "node:net";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import test, { type ExecutionContext } from "ava";
import { openCertificates } from "../../../core/index.js";
import { createGrpcTransport, createPlainDrpcTransport, type Transport } from "../../../core/rpc/index.js";
import { authFrontend } from "../../../frontends/auth/index.js";
import { EdgeAuthDefinition } from "../../../proto/gen/edgeauth.js";
import { authDeps } from "../../helpers/auth-deps.js";
import { closed } from "../../helpers/closed.js";
import { tempDir } from "../../helpers/temp-dir.js";
import { webCertificate } from "../../helpers/web-certificate.js";

const all = { httpPort: 0, grpcPort: 0, drpcPort: 0 };

async function started(t: ExecutionContext, options: { idleMs?: number } = {}) {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const files = { certFile: join(dir.path, "cert.pem"), keyFile: join(dir.path, "key.pem") };
  const write = async ({ cert, key }: { cert: string; key: string }) => {
    await writeFile(files.certFile, cert);
    await writeFile(files.keyFile, key);
  };
  const first = webCertificate();
  await write(first);
  const tls = await openCertificates([files], { pollMs: 0 });
  const made = authDeps();
  const running = await authFrontend({ ...all, tls, ...options }).start(made.deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  const ports = {
    http: Number(new URL(running.addresses["http"]!).port),
    grpc: portOf(running.addresses["grpc"]!),
    drpc: portOf(running.addresses["drpc"]!),
  };
  return { ...made, write, first, tls, ports };
}

function portOf(address: string): number {
  return Number(address.slice(address.lastIndexOf(":") + 1));
}

/** What a new client is shown. */
async function shown(port: number, servername?: string): Promise<string> {
  const socket = connectTls({
    host: "127.0.0.1",
    port,
    servername,
    rejectUnauthorized: false,
    ALPNProtocols: ["h2", "http/1.1"],
  });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerX509Certificate()!;
  socket.destroy();
  return fingerprint256;
}

const fingerprint = (pem: string) => new X509Certificate(pem).fingerprint256;

/** Registers over HTTPS on a connection that is kept. */
function post(agent: Agent, port: number, body: string): Promise<{ status: number; reused: boolean }> {
  return new Promise((resolve, reject) => {
    const call = request({ agent, host: "localhost", family: 4, port, path: "/v1/access", method: "POST" }, (reply) => {
      reply.resume().once("end", () => resolve({ status: reply.statusCode!, reused: call.reusedSocket }));
    });
    call.on("error", reject).end(body);
  });
}

test("one listener shows the new certificate to new clients and keeps the connections of the old", async (t) => {
  const { ports, write, first, tls, grant } = await started(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: first.cert });
  t.teardown(() => agent.destroy());
  const body = JSON.stringify({ access_grant: grant });
  const dial = (transport: Transport, port: number) => transport.dial({ address: `localhost:${port}` });
  const transports = (cert: string) =>
    [
      [createGrpcTransport({ tls: { ca: Buffer.from(cert) } }), ports.grpc],
      [createPlainDrpcTransport({ tls: { ca: cert } }), ports.drpc],
    ] as const;
  const kept = await Promise.all(transports(first.cert).map(([transport, port]) => dial(transport, port)));
  t.teardown(() => Promise.all(kept.map((connection) => connection.close())).then(() => {}));
  const method = EdgeAuthDefinition.methods.registerAccess;
  const register = (connection: (typeof kept)[number]) =>
    connection.unary(EdgeAuthDefinition, method, { accessGrant: grant, public: false });
  for (const connection of kept) t.is((await register(connection)).endpoint, "https://gateway.example");
  t.deepEqual(await post(agent, ports.http, body), { status: 200, reused: false });
  for (const port of Object.values(ports)) {
    t.is(await shown(port), fingerprint(first.cert));
    t.is(await shown(port, "localhost"), fingerprint(first.cert));
  }

  // A request that is under way when the certificate changes.
  const agentOfOne = new Agent({ ca: first.cert });
  t.teardown(() => agentOfOne.destroy());
  const headers = { "Content-Length": Buffer.byteLength(body) };
  const where = { host: "localhost", family: 4, port: ports.http, path: "/v1/access" };
  const slow = request({ ...where, agent: agentOfOne, method: "POST", headers });
  slow.write(body.slice(0, 10));
  const [socket] = await once(slow, "socket");
  if (!socket.authorized) await once(socket, "secureConnect");

  const second = webCertificate();
  await write(second);
  t.true(await tls.refresh());

  const slowReply = once(slow, "response");
  slow.end(body.slice(10));
  const [reply] = await slowReply;
  t.is(reply.statusCode, 200);
  reply.resume();

  for (const port of Object.values(ports)) {
    t.is(await shown(port), fingerprint(second.cert));
    t.is(await shown(port, "localhost"), fingerprint(second.cert));
  }
  t.deepEqual(await post(agent, ports.http, body), { status: 200, reused: true }, "the old connection goes on");
  for (const connection of kept) t.is((await register(connection)).endpoint, "https://gateway.example");
  for (const [transport, port] of transports(second.cert)) {
    const connection = await dial(transport, port);
    t.is((await register(connection)).endpoint, "https://gateway.example");
    await connection.close();
  }
  for (const [transport, port] of transports(first.cert)) await t.throwsAsync(dial(transport, port));

  await write({ cert: "nonsense", key: second.key });
  t.false(await tls.refresh());
  for (const port of Object.values(ports)) t.is(await shown(port), fingerprint(second.cert));
});

test("each name gets its own certificate on every protocol", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const pairs = ["one.example", "two.example"].map((host) => ({ host, ...webCertificate(host) }));
  const files = pairs.map(({ host }) => ({ certFile: join(dir.path, host), keyFile: join(dir.path, `${host}.key`) }));
  for (const [i, { cert, key }] of pairs.entries()) {
    await writeFile(files[i]!.certFile, cert);
    await writeFile(files[i]!.keyFile, key);
  }
  const tls = await openCertificates(files, { pollMs: 0 });
  const running = await authFrontend({ ...all, tls }).start(authDeps().deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  for (const name of ["http", "grpc", "drpc"]) {
    const port = portOf(running.addresses[name]!);
    for (const { host, cert } of pairs) t.is(await shown(port, host), fingerprint(cert));
    t.is(await shown(port, "three.example"), fingerprint(pairs[0]!.cert));
  }
});

/** What a stranger gets who sends these bytes and then waits: when the connection is closed, and what came until then. */
async function stranger(port: number, bytes: Uint8Array | string): Promise<{ ms: number; received: Buffer }> {
  const began = performance.now();
  const socket = connect({ host: "127.0.0.1", port });
  const received: Buffer[] = [];
  socket.on("data", (chunk: Buffer) => received.push(chunk));
  const end = closed(socket);
  socket.write(bytes);
  await end;
  return { ms: performance.now() - began, received: Buffer.concat(received) };
}

test("whoever speaks in clear to TLS, or stops within the handshake, is turned away", async (t) => {
  const { ports } = await started(t, { idleMs: 300 });
  for (const port of Object.values(ports)) {
    // Long before any time is over: it is closed for what it sent.
    await stranger(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await stranger(port, Uint8Array.of(0x16, 3, 1, 2, 0, 1));
    await stranger(port, "");
  }
  t.pass();
});

test("a TLS client on the DRPC port in clear is turned away at once, and told that it can not shake hands", async (t) => {
  // The times are far beyond that of the test: only what is sent can close these connections.
  const running = await authFrontend({ drpcPort: 0, idleMs: 600_000 }).start(authDeps().deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  const port = portOf(running.addresses["drpc"]!);
  const socket = connectTls({ host: "127.0.0.1", port, rejectUnauthorized: false });
  const [error] = await once(socket, "error").catch((thrown: Error) => [thrown]);
  t.regex(String(error.code), /HANDSHAKE_FAILURE/);
  t.is((await stranger(port, "GET / HTTP/1.1\r\n\r\n")).received.length, 0);
});

test("who says nothing on the DRPC port in clear is not waited for", async (t) => {
  const running = await authFrontend({ drpcPort: 0, idleMs: 50 }).start(authDeps().deps);
  t.teardown(() => running.stop({ graceMs: 0 }));
  t.is((await stranger(portOf(running.addresses["drpc"]!), "")).received.length, 0);
});
