import { createHash, randomBytes } from "node:crypto";
import { createServer } from "node:net";
import test, { type ExecutionContext } from "ava";
import { isPosternError, type Project } from "../../core/index.js";
import { createUplink } from "../../core/uplink.js";
import { type NetworkOptions, startNetwork, startNetworkProcess } from "../../network/index.js";
import { tempDir } from "../helpers/temp-dir.js";
import { until } from "../helpers/until.js";

/** A temp folder and what runs in it; all ends with the test. */
async function folder(t: ExecutionContext) {
  const { path, remove } = await tempDir();
  const stops: (() => Promise<void>)[] = [remove];
  t.teardown(async () => {
    for (const stop of stops) await stop();
  });
  return {
    path,
    before: (stop: () => Promise<void>) => {
      stops.unshift(stop);
    },
  };
}

const fast = { durable: false, times: { pingIntervalMs: 0, choreIntervalMs: 0 } } satisfies Partial<NetworkOptions>;

async function projectOf(t: ExecutionContext, satellite: string, apiKey: string): Promise<Project> {
  const uplink = createUplink({});
  t.teardown(() => uplink.close());
  return uplink.openProject(await uplink.requestAccess({ satellite, apiKey, passphrase: "a passphrase" }));
}

async function put(project: Project, key: string, body: Uint8Array): Promise<void> {
  await project.putObject("bucket", key, [body]);
}

async function hashOf(project: Project, key: string): Promise<string> {
  const hash = createHash("sha256");
  const { body } = await project.getObject("bucket", key);
  for await (const chunk of body) hash.update(chunk);
  return hash.digest("hex");
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

test("objects outlive a restart of the network and the loss of nodes", async (t) => {
  const { path, before } = await folder(t);
  const body = randomBytes(300_000);
  const first = await startNetwork({ dir: path, ...fast });
  before(() => first.stop());
  t.is(first.nodes().length, 10);
  const apiKey = await first.createApiKey((await first.createProject("project")).id);
  const project = await projectOf(t, first.nodeUrl, apiKey);
  await project.createBucket("bucket");
  await put(project, "large", body);
  await put(project, "small", body.subarray(0, 100));
  await first.stop();

  const second = await startNetwork({ dir: path, ...fast });
  before(() => second.stop());
  t.deepEqual(second.nodeId, first.nodeId);
  t.deepEqual(
    (await second.listProjects()).map(({ name }) => name),
    ["project"],
  );
  const again = await projectOf(t, second.nodeUrl, apiKey);
  t.is(await hashOf(again, "large"), sha256(body));
  t.is(await hashOf(again, "small"), sha256(body.subarray(0, 100)));

  // Two of ten may be away for uploads, six for downloads of what all ten hold; the satellite need not know at first.
  await second.stopNode(4);
  await second.stopNode(9, { unnoticed: true });
  t.is(await hashOf(again, "large"), sha256(body));
  await put(again, "other", body);
  t.is(await hashOf(again, "other"), sha256(body));
  t.deepEqual(
    second.nodes().flatMap(({ index, running }) => (running ? [] : [index])),
    [4, 9],
  );
  await second.startNode(9);
  await second.stopNode(0);
  t.is(await hashOf(again, "other"), sha256(body));
});

test("a network runs in a process of its own and ends with it", async (t) => {
  const { path, before } = await folder(t);
  const network = await startNetworkProcess({ dir: path, nodes: 3, ...fast });
  before(() => network.stop());
  t.not(network.pid, process.pid);
  t.is((await network.nodes()).length, 3);
  const { id } = await network.createProject("project");
  const project = await projectOf(t, network.nodeUrl, await network.createApiKey(id));
  await project.createBucket("bucket");
  const body = randomBytes(20_000);
  await put(project, "key", body);
  t.is(await hashOf(project, "key"), sha256(body));
  const spaces = async () => (await network.nodes()).map(({ space }) => space);
  await until(async () => (await spaces()).every((space) => space?.used !== undefined));
  for (const space of await spaces()) t.true(space!.available! > 0 && space!.trash === 0);
  // A piece is an upload's that was called off where it was not needed.
  t.true((await spaces()).filter((space) => space!.used! > 20_000).length >= 2);
  await network.stopNode(2);
  t.deepEqual(
    (await network.nodes()).map(({ running, space }) => [running, space !== undefined]),
    [
      [true, true],
      [true, true],
      [false, false],
    ],
  );
  t.true(isPosternError(await t.throwsAsync(network.stopNode(7)), "invalid-argument"));
  await network.stop();
  t.true(isPosternError(await t.throwsAsync(network.nodes()), "unavailable"));
  await t.throwsAsync(project.headBucket("bucket"));
});

test("the process that started a network hears when it dies", async (t) => {
  const { path } = await folder(t);
  const died = new Promise<Error>((resolve) => {
    startNetworkProcess({ dir: path, nodes: 0, ...fast, onExit: resolve }).then(
      ({ pid }) => process.kill(pid, "SIGKILL"),
      resolve,
    );
  });
  t.is((await died).message, "the network's process ended (SIGKILL)");
});

test("a folder serves one network, whose end sets it free", async (t) => {
  const { path, before } = await folder(t);
  const network = await startNetwork({ dir: path, nodes: 0, ...fast });
  before(() => network.stop());
  for (const start of [startNetwork, startNetworkProcess]) {
    const error = await t.throwsAsync(start({ dir: path, nodes: 0, ...fast }));
    t.true(isPosternError(error, "unavailable"));
    const reason = `another network (process ${process.pid}) is using it`;
    t.is(error!.message, `the network's folder ${path} can not be used: ${reason}`);
  }
  await network.stop();
  const other = await startNetwork({ dir: path, nodes: 0, ...fast });
  await other.stop();
});

test("what can not be is refused, and nothing is left running", async (t) => {
  const { path, before } = await folder(t);
  const few = await t.throwsAsync(
    startNetwork({
      dir: path,
      nodes: 3,
      redundancy: { required: 4, repair: 6, optimal: 8, total: 10, shareSize: 256 },
      ...fast,
    }),
  );
  t.is(few!.message, "3 storage nodes are too few for uploads that need 8");

  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  before(() => new Promise((resolve) => taken.close(() => resolve())));
  const { port } = taken.address() as { port: number };
  await t.throwsAsync(startNetwork({ dir: path, nodes: 0, ports: { satellite: port }, ...fast }));
  await t.throwsAsync(startNetwork({ dir: path, nodes: 3, ports: { firstNode: port - 1 }, ...fast }));
  const network = await startNetwork({ dir: path, nodes: 3, ...fast });
  await network.stop();
});
