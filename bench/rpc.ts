/**
 * What DRPC over TLS costs on this machine: a server process and a client process on loopback, with identities.
 * Run: node dist/bench/rpc.js [only measurements whose name holds this]
 */
import { fork } from "node:child_process";
import { once } from "node:events";
import { cpus } from "node:os";
import { argv, cpuUsage, env, execArgv } from "node:process";
import { fileURLToPath } from "node:url";
import { fromHex, toHex } from "../core/bytes/bytes.js";
import { createIdentity } from "../core/identity/identity.js";
import { type Client, createClient } from "../core/rpc/client.js";
import { serveDrpc } from "../core/rpc/drpc/server.js";
import { createDrpcTransport } from "../core/rpc/drpc/transport.js";
import { createPool } from "../core/rpc/pool.js";
import { bindService } from "../core/rpc/transport.js";
import {
  ExistsRequest,
  PieceDownloadRequest,
  PieceDownloadResponse,
  PiecestoreDefinition,
  PieceUploadRequest,
  PieceUploadResponse,
} from "../proto/gen/piecestore.js";

const messageBytes = Number(env.BENCH_MESSAGE_BYTES ?? 64 * 1024);
const mebibyte = 1 << 20;

interface Listening {
  address: string;
  nodeId: string;
}

async function serve(): Promise<void> {
  const identity = await createIdentity();
  const service = bindService(PiecestoreDefinition, {
    async upload(requests) {
      let bytes = 0;
      for await (const { chunk } of requests) bytes += chunk?.data.length ?? 0;
      return PieceUploadResponse.fromPartial({ done: { pieceSize: bytes } });
    },
    async *download(requests) {
      const data = new Uint8Array(messageBytes);
      for await (const { chunk } of requests) {
        for (let offset = 0; offset < (chunk?.chunkSize ?? 0); offset += messageBytes) {
          yield PieceDownloadResponse.create({ chunk: { offset, data } });
        }
        return;
      }
    },
    async exists({ pieceIds }) {
      return { missing: pieceIds.map((_, i) => i) };
    },
  });
  const server = await serveDrpc({ listen: { host: "127.0.0.1", port: 0 }, identity, services: [service] });
  process.on("message", () => process.send?.(cpuMs()));
  process.send?.({ address: server.address, nodeId: toHex(identity.nodeId) } satisfies Listening);
}

function cpuMs(): number {
  const { user, system } = cpuUsage();
  return (user + system) / 1000;
}

type Piecestore = Client<typeof PiecestoreDefinition>;

async function upload(client: Piecestore, bytes: number): Promise<void> {
  const data = new Uint8Array(messageBytes);
  const stream = client.upload();
  for (let offset = 0; offset < bytes; offset += messageBytes) {
    await stream.send(PieceUploadRequest.create({ chunk: { offset, data } }));
  }
  await stream.closeSend();
  const response = await stream.receive();
  if (response?.done?.pieceSize !== bytes) throw new Error("bytes were lost");
}

async function download(client: Piecestore, bytes: number): Promise<void> {
  const stream = client.download();
  await stream.send(PieceDownloadRequest.create({ chunk: { offset: 0, chunkSize: bytes } }));
  await stream.closeSend();
  let received = 0;
  for (let message = await stream.receive(); message !== undefined; message = await stream.receive()) {
    received += message.chunk?.data.length ?? 0;
  }
  if (received !== bytes) throw new Error("bytes were lost");
}

async function calls(client: Piecestore, count: number): Promise<void> {
  const request = ExistsRequest.create({ pieceIds: [new Uint8Array(32), new Uint8Array(32)] });
  for (let i = 0; i < count; i++) await client.exists(request);
}

async function run(): Promise<void> {
  const child = fork(fileURLToPath(import.meta.url), ["serve"], {
    execArgv: env.BENCH_SERVER_ARGS?.split(" ") ?? execArgv,
  });
  const [{ address, nodeId }] = (await once(child, "message")) as [Listening];
  const pool = createPool({ transport: createDrpcTransport({ identity: await createIdentity() }), perPeer: 10 });
  const client = createClient(PiecestoreDefinition, pool.caller({ address, nodeId: fromHex(nodeId) }));
  const serverCpuMs = async () => {
    child.send("cpu");
    return ((await once(child, "message")) as [number])[0];
  };

  async function measure(name: string, amount: number, unit: string, work: () => Promise<unknown>): Promise<void> {
    if (!name.includes(argv[2] ?? "")) return;
    const server = await serverCpuMs();
    const own = cpuMs();
    const start = performance.now();
    await work();
    const ms = performance.now() - start;
    const perUnit = (cpu: number) => `${((1000 * cpu) / amount).toFixed(0)} us/${unit}`;
    const clientCpu = perUnit(cpuMs() - own);
    const serverCpu = perUnit((await serverCpuMs()) - server);
    const rate = ((1000 * amount) / ms).toFixed(0);
    console.log(`${name.padEnd(36)} ${rate.padStart(7)} ${unit}/s   CPU client ${clientCpu}, server ${serverCpu}`);
  }

  console.log(`node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}`);
  const parallel = (n: number, one: () => Promise<void>) => Promise.all(Array.from({ length: n }, one));
  for (let round = 0; round < Number(env.BENCH_ROUNDS ?? 2); round++) {
    await measure("upload, 1 connection", 256, "MiB", () => upload(client, 256 * mebibyte));
    await measure("upload, 10 connections", 160, "MiB", () => parallel(10, () => upload(client, 16 * mebibyte)));
    await measure("download, 1 connection", 256, "MiB", () => download(client, 256 * mebibyte));
    await measure("download, 10 connections", 160, "MiB", () => parallel(10, () => download(client, 16 * mebibyte)));
    await measure("unary calls, one after another", 5_000, "call", () => calls(client, 5_000));
    await measure("unary calls, 10 at a time", 10_000, "call", () => parallel(10, () => calls(client, 1_000)));
  }
  await pool.close();
  child.kill();
}

await (argv[2] === "serve" ? serve() : run());
