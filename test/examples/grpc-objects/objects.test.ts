import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { credentials, loadPackageDefinition, Metadata, type ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import test, { type ExecutionContext } from "ava";
import { frontendSuite, type SuiteServer, startForTest } from "postern/testing";
import { frontend } from "../../../examples/grpc-objects/index.js";
import { basicAuth } from "../../helpers/basic-auth.js";
import { repositoryRoot } from "../../helpers/root.js";
import { hasProgram, mustRun, runProgram } from "../../helpers/run-program.js";

const proto = join(repositoryRoot, "examples/grpc-objects/objects.proto");
const root = loadPackageDefinition(loadSync(proto, { longs: Number, defaults: true })) as {
  objects?: { v1?: { Objects?: ServiceClientConstructor } };
};
const Objects = root.objects!.v1!.Objects!;

function connect(server: Pick<SuiteServer, "grpcAddress" | "credentials">) {
  const client = new Objects(server.grpcAddress!, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set("authorization", basicAuth(server.credentials));
  const unary = (method: string, request: object): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      client[method]!(request, metadata, (error: Error | null, reply: Record<string, unknown>) =>
        error ? reject(error) : resolve(reply),
      );
    });
  const upload = (
    start: object,
    parts: readonly Uint8Array[],
    signal?: AbortSignal,
  ): Promise<Record<string, unknown>> =>
    new Promise((resolve, reject) => {
      const call = client["Upload"]!(metadata, (error: Error | null, reply: Record<string, unknown>) =>
        error ? reject(error) : resolve(reply),
      );
      signal?.addEventListener("abort", () => call.cancel());
      call.on("error", reject);
      call.write({ start });
      for (const data of parts) call.write({ data });
      call.end();
    });
  const stream = async (method: string, request: object, signal?: AbortSignal) => {
    const call = client[method]!(request, metadata);
    signal?.addEventListener("abort", () => call.cancel());
    const messages: Record<string, unknown>[] = [];
    for await (const message of call) messages.push(message as Record<string, unknown>);
    return messages;
  };
  const download = async (request: object, signal?: AbortSignal) => {
    const messages = await stream("Download", request, signal);
    return Buffer.concat(messages.flatMap(({ data }) => (data instanceof Uint8Array ? [data] : [])));
  };
  return { client, unary, upload, stream, download };
}

frontendSuite(
  () => ({
    plugin: frontend,
    options: {},
    async use(server, signal) {
      const { client, upload, download } = connect(server);
      try {
        const name = { bucket: "suite", key: "file" };
        const reply = await upload({ name }, [Buffer.from("con"), Buffer.from("tent")], signal);
        const data = await download({ name }, signal);
        assert.equal(data.toString(), "content");
        return [reply, data.toString()];
      } finally {
        client.close();
      }
    },
  }),
  {
    test: (title, run) =>
      test.serial(title, async (t) => {
        await run();
        t.pass();
      }),
  },
);

async function started(t: ExecutionContext) {
  const server = await startForTest(frontend, { chunkBytes: 1_000 });
  const made = connect(server);
  t.teardown(async () => {
    made.client.close();
    await server.stop();
  });
  return { ...made, server };
}

test.serial("objects go up and down, whole and in part", async (t) => {
  const { unary, upload, download, stream, server } = await started(t);
  const data = randomBytes(300_000);
  const name = { bucket: "suite", key: "a/b" };
  const parts = [data.subarray(0, 100_000), data.subarray(100_000)];
  const info = await upload({ name, metadata: { colour: "blue" } }, parts);
  t.like(info, { size: 300_000, metadata: { colour: "blue" } });
  t.true((await download({ name })).equals(data));
  t.true((await download({ name, offset: 10, length: 20 })).equals(data.subarray(10, 30)));
  t.true((await download({ name, offset: 299_990 })).equals(data.subarray(299_990)));
  t.like(await unary("Stat", name), { size: 300_000 });
  await server.project.putObject("suite", "c", []);
  const found = await stream("List", { bucket: "suite" });
  t.deepEqual(
    found.map(({ object, prefix }) => prefix || (object as { name: { key: string } }).name.key),
    ["a/", "c"],
  );
  t.is((await stream("List", { bucket: "suite", prefix: "a/", recursive: true })).length, 1);
  t.like(await unary("ListBuckets", {}), { buckets: ["suite"] });
  t.like(await unary("Delete", name), { deleted: true });
});

test.serial("failures have gRPC's statuses", async (t) => {
  const { unary, upload, stream, server } = await started(t);
  const name = { bucket: "suite", key: "k" };
  await t.throwsAsync(unary("Stat", name), { message: /^5 NOT_FOUND/ });
  await t.throwsAsync(unary("Stat", { bucket: "suite" }), { message: /^3 INVALID_ARGUMENT/ });
  await t.throwsAsync(stream("Download", { name, offset: -1 }), { message: /^3 INVALID_ARGUMENT/ });
  await upload({ name }, []);
  await t.throwsAsync(upload({ name, ifNoneMatch: true }, []), { message: /^6 ALREADY_EXISTS/ });
  const stranger = connect({ ...server, credentials: { accessKeyId: "x", secretKey: "y" } });
  t.teardown(() => stranger.client.close());
  await t.throwsAsync(stranger.unary("Stat", name), { message: /^16 UNAUTHENTICATED/ });
});

const grpcurl = hasProgram("grpcurl", ["-version"]) || process.env["CI"] !== undefined ? test.serial : test.serial.skip;

grpcurl("grpcurl lists, describes and calls the service", async (t) => {
  const { server } = await started(t);
  const address = server.grpcAddress!;
  await server.project.putObject("suite", "k", [Buffer.from("x")]);
  const { stdout: services } = await mustRun("grpcurl", ["-plaintext", address, "list"]);
  t.deepEqual(services.trim().split("\n").sort(), ["grpc.health.v1.Health", "objects.v1.Objects"]);
  const { stdout: described } = await mustRun("grpcurl", ["-plaintext", address, "describe", "objects.v1.Object"]);
  t.regex(described, /map<string, string> metadata = 4;/);
  t.regex(described, /\.google\.protobuf\.Timestamp created_at = 3;/);
  const call = (...args: string[]) => runProgram("grpcurl", ["-plaintext", ...args]);
  const header = ["-H", `authorization: ${basicAuth(server.credentials)}`];
  const listed = await call(...header, "-d", '{"bucket":"suite"}', address, "objects.v1.Objects/List");
  t.is(listed.code, 0, listed.stderr);
  t.like(JSON.parse(listed.stdout), { object: { name: { bucket: "suite", key: "k" }, size: "1" } });
  const refused = await call("-d", '{"bucket":"suite"}', address, "objects.v1.Objects/List");
  t.regex(refused.stderr, /Unauthenticated/);
});

test.serial("the client in twenty lines works", async (t) => {
  const { server } = await started(t);
  const { accessKeyId, secretKey } = server.credentials;
  const program = join(repositoryRoot, "dist/examples/grpc-objects/client.js");
  const args = [program, server.grpcAddress!, accessKeyId, secretKey, "suite", "from/client"];
  const { stdout } = await mustRun(process.execPath, args, { input: "there and back" });
  t.is(stdout, "there and back");
  t.is((await server.project.headObject("suite", "from/client")).size, 14);
});
