import { randomBytes } from "node:crypto";
import test, { type ExecutionContext } from "ava";
import { toHex, utf8 } from "../../core/bytes/bytes.js";
import { createIdentity } from "../../core/identity/identity.js";
import { createDrpcTransport } from "../../core/rpc/drpc/transport.js";
import type { Connection, Transport } from "../../core/rpc/transport.js";
import { BatchRequest, type BatchRequestItem, type CompressedBatchRequest } from "../../proto/gen/metainfo.js";
import { PiecestoreDefinition, type PieceUploadRequest } from "../../proto/gen/piecestore.js";
import { bodyOf, projectLab, readAll } from "../helpers/project-lab.js";
import { pattern, readVectors } from "../helpers/vectors.js";

type Item = NonNullable<BatchRequestItem["request"]>;

interface Spy {
  readonly transport: Transport;
  /** Items of every batch, in the order of the calls. */
  readonly batches: Item[][];
  readonly calls: string[];
  /** Messages of every piece upload. */
  readonly uploads: PieceUploadRequest[][];
}

/** A transport that writes down what is sent. */
async function spy(): Promise<Spy> {
  const inner = createDrpcTransport({ identity: await createIdentity() });
  const seen: Spy = { transport: inner, batches: [], calls: [], uploads: [] };
  const watch = (connection: Connection): Connection => ({
    get peerChain() {
      return connection.peerChain;
    },
    get closed() {
      return connection.closed;
    },
    unary(service, method, request, options) {
      seen.calls.push(method.name);
      if (method.name === "CompressedBatch") {
        const { requests } = BatchRequest.decode((request as unknown as CompressedBatchRequest).data);
        seen.batches.push(requests.map((item) => item.request as Item));
      }
      return connection.unary(service, method, request, options);
    },
    stream(service, method, options) {
      const stream = connection.stream(service, method, options);
      if (method.name !== PiecestoreDefinition.methods.upload.name) return stream;
      const messages: PieceUploadRequest[] = [];
      seen.uploads.push(messages);
      return {
        ...stream,
        send(message) {
          messages.push(message as unknown as PieceUploadRequest);
          return stream.send(message);
        },
      };
    },
    close: () => connection.close(),
  });
  const transport = {
    ...inner,
    dial: async (...args: Parameters<typeof inner.dial>) => watch(await inner.dial(...args)),
  };
  return { ...seen, transport };
}

async function labWithSpy(t: ExecutionContext, uplink: { segmentSize?: number; inlineSize?: number } = {}) {
  const seen = await spy();
  // No second thoughts about what comes late: a busy machine is always late.
  const { project, open } = await projectLab(t, { uplink: { hedgeMs: 60_000, ...uplink, transport: seen.transport } });
  await project.createBucket("bucket");
  seen.calls.length = 0;
  return { project, open, ...seen };
}

const kinds = (batches: readonly Item[][]) => batches.map((items) => items.map((item) => item.$case));

test("a small object is one round trip", async (t) => {
  const { project, batches, calls } = await labWithSpy(t);
  await project.putObject("bucket", "key", [utf8("hello")], { custom: { a: "b" } });
  t.deepEqual(calls, ["CompressedBatch"]);
  t.deepEqual(kinds(batches), [["objectBegin", "segmentMakeInline", "objectCommit"]]);
  const [begin, segment, commit] = batches[0] as Item[];
  if (begin?.$case !== "objectBegin" || segment?.$case !== "segmentMakeInline" || commit?.$case !== "objectCommit")
    return;
  t.deepEqual(
    { ...begin.value.encryptionParameters, _unknownFields: 0 },
    { cipherSuite: 2, blockSize: 7424, _unknownFields: 0 },
  );
  // Go writes its zero values: a time of year 1, an empty scheme, a nonce of zeros.
  t.is(begin.value.expiresAt?.seconds, -62135596800);
  t.is(begin.value.redundancyScheme?.total, 0);
  t.is(toHex(begin.value.encryptedMetadataNonce), "00".repeat(24));
  // Ids come from the items before.
  t.is(segment.value.streamId.length, 0);
  t.is(commit.value.streamId.length, 0);
  t.is(segment.value.encryptedInlineData.length, 5 + 16);
  t.is(segment.value.plainSize, 5);
  t.is(commit.value.encryptedMetadataEncryptedKey.length, 48);
});

test("remote segments: begin with the object, commit with it", async (t) => {
  const { project, batches, calls } = await labWithSpy(t, { segmentSize: 100_000 });
  await project.putObject("bucket", "key", bodyOf(randomBytes(250_000)));
  t.true(calls.every((name) => name === "CompressedBatch"));
  const all = kinds(batches);
  t.deepEqual(all[0], ["objectBegin", "segmentBegin"]);
  t.deepEqual(all.at(-1), ["segmentCommit", "objectCommit"]);
  // Between them the next segments begin and the former ones are committed, in whatever order.
  t.deepEqual(all.slice(1, -1).flat().sort(), ["segmentBegin", "segmentBegin", "segmentCommit", "segmentCommit"]);
  const begins = batches.flat().flatMap((item) => (item.$case === "segmentBegin" ? [item.value] : []));
  t.is(begins[0]?.streamId.length, 0);
  t.true((begins[1]?.streamId.length ?? 0) > 0);
  t.deepEqual(
    begins.map(({ position }) => [position?.partNumber, position?.index]),
    [
      [0, 0],
      [0, 1],
      [0, 2],
    ],
  );
  const commits = batches.flat().flatMap((item) => (item.$case === "segmentCommit" ? [item.value] : []));
  for (const { uploadResult } of commits) {
    t.true(uploadResult.length >= 8);
    const numbers = uploadResult.map(({ pieceNum }) => pieceNum);
    t.deepEqual(
      numbers,
      [...numbers].sort((a, b) => a - b),
    );
  }
});

test("limits of full segments are those of the real uplink", async (t) => {
  const { project, batches } = await labWithSpy(t);
  await project.putObject("bucket", "key", bodyOf(randomBytes(5000)));
  const [, begin] = batches[0] as Item[];
  t.is(begin?.$case === "segmentBegin" && begin.value.maxOrderLimit, 67254016);
});

test("pieces: limit, chunks with growing orders, hash with the last", async (t) => {
  const { project, uploads } = await labWithSpy(t);
  await project.putObject("bucket", "key", bodyOf(randomBytes(4 * 1024 * 1024)));
  const messages = uploads.find((one) => one.at(-1)?.done !== undefined) as PieceUploadRequest[];
  const [first, ...rest] = messages;
  t.truthy(first?.limit);
  t.is(first?.chunk, undefined);
  t.is(first?.hashAlgorithm, 0);
  let offset = 0;
  let ordered = 0;
  for (const { limit, order, chunk } of rest) {
    t.is(limit, undefined);
    if (order !== undefined) {
      t.true(order.amount > ordered);
      t.true(order.amount - offset <= 2 * 1024 * 1024);
      ordered = order.amount;
    }
    t.is(chunk?.offset, offset);
    t.true((chunk?.data.length ?? 0) <= 64 * 1024);
    offset += chunk?.data.length ?? 0;
    t.true(offset <= ordered);
  }
  // As storj/uplink private/piecestore/client.go, where the first step is 256 KiB and the last 550 KiB.
  const ordering = rest.filter(({ order }) => order !== undefined);
  t.is(ordering[0]?.order?.amount, 512 * 1024);
  t.is(ordering[1]?.order?.amount, (ordering[1]?.chunk?.offset ?? 0) + 768 * 1024);
  const done = rest.at(-1)?.done;
  t.is(done?.pieceSize, offset);
  t.deepEqual(done?.timestamp, first?.limit?.orderCreation);
  t.is(done?.signature.length, 64);
  t.deepEqual(rest.filter((one) => one.done !== undefined).length, 1);
});

test("downloads ask for the object and its first segment at once", async (t) => {
  const { project, batches, calls } = await labWithSpy(t, { segmentSize: 100_000 });
  await project.putObject("bucket", "key", bodyOf(randomBytes(250_000)));
  batches.length = 0;
  calls.length = 0;
  const { body } = await project.getObject("bucket", "key", { range: { start: 50_000, end: 150_000 } });
  await readAll(body);
  t.deepEqual(kinds(batches), [["objectDownload"], ["segmentDownload"]]);
  const [download] = batches[0] as Item[];
  t.deepEqual(download?.$case === "objectDownload" && download.value.range?.range?.$case, "startLimit");
});

test("bodies are cut into segments as the real splitter cuts them", async (t) => {
  const { segments } = readVectors<{
    segments: {
      plainPatternLabel: string;
      cases: {
        splitSize: number;
        inlineThreshold: number;
        plainLength: number;
        segments: { index: number; inline: boolean; plainSize: number }[];
      }[];
    };
  }>("metadata");
  const { open, batches } = await labWithSpy(t);
  for (const one of segments.cases) {
    batches.length = 0;
    const project = await open({ segmentSize: one.splitSize, inlineSize: one.inlineThreshold });
    const data = pattern(segments.plainPatternLabel, one.plainLength);
    await project.putObject("bucket", "key", bodyOf(data, 33));
    const cut = batches.flat().flatMap((item) => {
      if (item.$case === "segmentMakeInline") {
        return [{ index: item.value.position?.index ?? -1, inline: true, plainSize: item.value.plainSize }];
      }
      return item.$case === "segmentCommit" ? [{ index: -1, inline: false, plainSize: item.value.plainSize }] : [];
    });
    const expected = one.segments.map(({ index, inline, plainSize }) => ({
      index: inline ? index : -1,
      inline,
      plainSize,
    }));
    t.deepEqual(cut, expected, `${one.plainLength} bytes`);
    t.true((await readAll((await project.getObject("bucket", "key")).body)).equals(data));
  }
});
