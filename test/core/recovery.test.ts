import { randomBytes } from "node:crypto";
import test, { type ExecutionContext } from "ava";
import { PosternError } from "../../core/errors.js";
import { createIdentity } from "../../core/identity/identity.js";
import { createDrpcTransport } from "../../core/rpc/drpc/transport.js";
import type { Connection, Transport } from "../../core/rpc/transport.js";
import { createInlineCodec } from "../../core/segment/inline-codec.js";
import { createUplink, type UplinkOptions } from "../../core/uplink.js";
import { BatchRequest, type CompressedBatchRequest } from "../../proto/gen/metainfo.js";
import { bodyOf, type ProjectLab, projectLab, readAll } from "../helpers/project-lab.js";
import { until } from "../helpers/until.js";

const mib = 1024 * 1024;
const small = { segmentSize: mib, uploadWindowBytes: 256 * 1024 };

async function uplinkOf(t: ExecutionContext, lab: ProjectLab, options: UplinkOptions = {}) {
  const uplink = createUplink({ codec: createInlineCodec(), ...small, ...options });
  t.teardown(() => uplink.close());
  return { uplink, project: await uplink.openProject(lab.grant) };
}

type Loss = "request" | "reply";

/** Loses connections at batches that hold an item of this kind: before they are sent, or after they were answered. */
function losing(inner: Transport, kind: string, losses: Loss[]): Transport {
  const wrap = (connection: Connection): Connection => ({
    ...connection,
    get closed() {
      return connection.closed;
    },
    async unary(service, method, request, options) {
      const { data } = request as Partial<CompressedBatchRequest>;
      const items = data === undefined ? [] : BatchRequest.decode(data).requests;
      const loss = items.some((item) => item.request?.$case === kind) ? losses.shift() : undefined;
      const lost = () => {
        void connection.close();
        return new PosternError("unavailable", "connection lost");
      };
      if (loss === "request") throw lost();
      const reply = await connection.unary(service, method, request, options);
      if (loss === "reply") throw lost();
      return reply;
    },
  });
  return { ...inner, dial: async (target, options) => wrap(await inner.dial(target, options)) };
}

test.serial("the satellite is restarted in the middle of uploads and downloads", async (t) => {
  const lab = await projectLab(t, { uplink: small });
  await lab.project.createBucket("bucket");
  const data = randomBytes(5 * mib + 17);
  async function* body() {
    for (let at = 0; at < data.length; at += 64 * 1024) {
      if (at === 2 * mib + 64 * 1024) await lab.restartSatellite();
      yield data.subarray(at, at + 64 * 1024);
    }
  }
  await lab.project.putObject("bucket", "key", body());
  const download = await lab.project.getObject("bucket", "key");
  const chunks: Uint8Array[] = [];
  for await (const chunk of download.body) {
    if (chunks.length === 0) await lab.restartSatellite();
    chunks.push(chunk);
  }
  t.true(Buffer.concat(chunks).equals(data));
  t.deepEqual((await lab.project.listUploads("bucket")).entries, []);
});

test.serial("an acknowledged object outlives a restart at once after it", async (t) => {
  const lab = await projectLab(t, { uplink: small });
  await lab.project.createBucket("bucket");
  const data = randomBytes(300_000);
  for (let i = 0; i < 3; i++) {
    await lab.project.putObject("bucket", `key-${i}`, bodyOf(data));
    await lab.restartSatellite();
  }
  for (let i = 0; i < 3; i++) {
    t.true((await readAll((await lab.project.getObject("bucket", `key-${i}`)).body)).equals(data));
  }
});

for (const [name, size] of [
  ["small", 1000],
  ["large", 2 * mib + 5],
] as const) {
  test.serial(`a ${name} upload whose commit is lost, or the reply to it`, async (t) => {
    const lab = await projectLab(t);
    await lab.project.createBucket("bucket");
    const losses: Loss[] = [];
    const transport = losing(createDrpcTransport({ identity: await createIdentity() }), "objectCommit", losses);
    const { project } = await uplinkOf(t, lab, { transport });
    for (const [i, loss] of (["request", "reply"] as const).entries()) {
      losses.push(loss);
      const data = randomBytes(size);
      const options = { ifNoneMatch: true, etag: data.subarray(0, 16), custom: { loss } };
      await project.putObject("bucket", `key-${i}`, bodyOf(data), options);
      t.deepEqual(losses, []);
      const download = await project.getObject("bucket", `key-${i}`);
      t.deepEqual(download.info.custom, { loss });
      t.true((await readAll(download.body)).equals(data));
    }
    t.deepEqual((await project.listUploads("bucket")).entries, []);
  });
}

for (const kind of ["segmentBegin", "segmentCommit", "segmentBeginRetryPieces"]) {
  test.serial(`a lost reply to ${kind} is asked for again`, async (t) => {
    const lab = await projectLab(t, { nodes: 14 });
    await lab.project.createBucket("bucket");
    const losses: Loss[] = [];
    const transport = losing(createDrpcTransport({ identity: await createIdentity() }), kind, losses);
    const { project } = await uplinkOf(t, lab, { transport });
    let refusals = 3;
    const refuseOnce = async () => {
      if (refusals-- > 0) throw new PosternError("internal", "refused");
    };
    if (kind === "segmentBeginRetryPieces") lab.faults.push(...lab.nodes.map(() => ({ onCall: refuseOnce })));
    const data = randomBytes(2 * mib + 5);
    const { uploadId } = await project.beginUpload("bucket", "key");
    losses.push("reply");
    await project.uploadPart("bucket", "key", uploadId, 1, bodyOf(data));
    t.deepEqual(losses, []);
    await project.commitUpload("bucket", "key", uploadId);
    t.true((await readAll((await project.getObject("bucket", "key")).body)).equals(data));
  });
}

test.serial("nodes that are full: what fits is kept, what does not is refused cleanly", async (t) => {
  const lab = await projectLab(t, {
    satellite: { minFreeDisk: 1 },
    node: { capacityBytes: 3 * mib },
    uplink: small,
  });
  const { uplink, project } = await uplinkOf(t, lab);
  await project.createBucket("bucket");
  const stored = new Map<string, Buffer>();
  let failure: unknown;
  for (let i = 0; failure === undefined && i < 30; i++) {
    const data = randomBytes(mib);
    try {
      await project.putObject("bucket", `key-${i}`, bodyOf(data));
      stored.set(`key-${i}`, data);
    } catch (error) {
      failure = error;
    }
  }
  t.true(failure instanceof PosternError && failure.code === "not-enough-nodes", String(failure));
  t.true(stored.size >= 5, `${stored.size} objects`);
  for (const [key, data] of stored) {
    t.true((await readAll((await project.getObject("bucket", key)).body)).equals(data), key);
  }
  t.deepEqual((await project.listUploads("bucket")).entries, []);
  t.is((await project.listObjects("bucket")).entries.length, stored.size);
  t.is(uplink.stats().uploadBufferBytes, 0);
});

test.serial("transfers that are called off leave nothing behind", async (t) => {
  const lab = await projectLab(t, {
    uplink: small,
    satellite: { times: { gcMarginMs: -60_000 } },
    node: { retainSkewMs: 0 },
  });
  const sockets = () => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;
  await lab.project.createBucket("bucket");
  const data = randomBytes(4 * mib);
  await lab.project.putObject("bucket", "kept", bodyOf(data));
  await lab.satellite.collectGarbage(); // the satellite keeps its connections to nodes, too
  const socketsBefore = sockets();
  const { uplink, project } = await uplinkOf(t, lab);
  const pieceBytes = () =>
    lab.nodes.reduce((sum, node) => sum + (node.stats().usedBytes ?? 0) - (node.stats().trashBytes ?? 0), 0);
  const before = pieceBytes();

  for (let i = 0; i < 12; i++) {
    const abort = new AbortController();
    async function* body() {
      for (let at = 0; at < data.length; at += 64 * 1024) {
        if (at === 64 * 1024 * 5 * i) setImmediate(() => abort.abort());
        yield data.subarray(at, at + 64 * 1024);
      }
    }
    await t.throwsAsync(project.putObject("bucket", `key-${i % 3}`, body(), { signal: abort.signal }), {
      code: "canceled",
    });
    const download = await project.getObject("bucket", "kept");
    for await (const chunk of download.body) {
      if (chunk.length > 0 && Math.random() < 0.5) break;
    }
    const again = await project
      .getObject("bucket", "kept", { signal: AbortSignal.timeout(5 + i) })
      .catch(() => undefined);
    if (again !== undefined) await readAll(again.body).catch(() => undefined);
  }

  // Everything that was under way ends by itself.
  await until(() => lab.nodes.every((node) => node.stats().uploads.active + node.stats().downloads.active === 0));
  const stats = () => uplink.stats();
  await until(() => stats().connections === stats().idleConnections);
  const { uploadBufferBytes, downloadBufferBytes, replayBytes, waitingCalls, waitingTransfers } = stats();
  t.deepEqual([uploadBufferBytes, downloadBufferBytes, replayBytes, waitingCalls, waitingTransfers], [0, 0, 0, 0, 0]);
  // Rows.
  await until(async () => (await project.listUploads("bucket")).entries.length === 0);
  t.is((await project.listObjects("bucket")).entries.length, 1);
  // A piece has more than 250 KiB; what is smaller are the heads of those in the trash.
  const most = before + 100_000;
  // Pieces: of those of uploads that were called off, garbage collection leaves a tenth at a time.
  for (let round = 0; round < 20 && pieceBytes() > most; round++) {
    await lab.satellite.collectGarbage();
    await Promise.all(lab.nodes.map((node) => node.upkeep.retain()));
  }
  t.true(pieceBytes() <= most, `${pieceBytes()} bytes, ${before} before`);
  t.true((await readAll((await project.getObject("bucket", "kept")).body)).equals(data));
  // Sockets: this side's and the servers' of each connection.
  await uplink.close();
  await until(() => sockets() <= socketsBefore);
  t.is(stats().connections, 0);
});
