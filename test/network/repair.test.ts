import { randomBytes } from "node:crypto";
import test, { type ExecutionContext } from "ava";
import { createUplink } from "../../core/uplink.js";
import { type RunningNetwork, startNetwork } from "../../network/index.js";
import { noUpkeep } from "../helpers/no-upkeep.js";
import { readAll } from "../helpers/project-lab.js";
import { tempDir } from "../helpers/temp-dir.js";

async function network(t: ExecutionContext): Promise<RunningNetwork> {
  const { path, remove } = await tempDir();
  const running = await startNetwork({
    dir: path,
    durable: false,
    times: noUpkeep,
    onProblem: (message, error) => t.log(message, error),
  });
  t.teardown(async () => {
    await running.stop();
    await remove();
  });
  return running;
}

test("what nodes that are gone for good held is made anew on others, again and again", async (t) => {
  const running = await network(t);
  const apiKey = await running.createApiKey((await running.createProject("project")).id);
  const uplink = createUplink({ segmentSize: 1_000_000 });
  t.teardown(() => uplink.close());
  const grant = await uplink.requestAccess({ satellite: running.nodeUrl, apiKey, passphrase: "p" });
  const project = await uplink.openProject(grant);
  await project.createBucket("bucket");
  const bodies = new Map<string, Buffer>();
  for (const size of [5_000, 100_000, 1_000_000, 3_300_000]) {
    const body = randomBytes(size);
    bodies.set(`${size}`, body);
    await project.putObject("bucket", `${size}`, [body]);
  }
  await project.copyObject({ bucket: "bucket", key: "100000" }, { bucket: "bucket", key: "copy" });
  bodies.set("copy", bodies.get("100000")!);
  const segments = 1 + 1 + 1 + 4 + 1;
  const readable = async () => {
    for (const [key, body] of bodies) {
      t.true((await readAll((await project.getObject("bucket", key)).body)).equals(body), key);
    }
  };
  t.is((await running.health()).segments.total, segments);

  for (const index of [0, 4, 7]) await running.removeNode(index);
  t.is(running.nodes().length, 7);
  await readable();
  for (let i = 0; i < 3; i++) await running.addNode();
  t.deepEqual(
    running.nodes().map(({ index }) => index),
    [1, 2, 3, 5, 6, 8, 9, 10, 11, 12],
  );
  const round = await running.repair();
  t.is(round.checked, segments);
  t.is(round.failed + round.lost, 0);
  t.true(round.repaired > 0);
  const { segments: after, nodes } = await running.health();
  t.deepEqual(after, { total: segments, healthy: segments, degraded: 0, needRepair: 0, lost: 0 });
  t.is(nodes.length, 10);
  t.is((await running.repair()).repaired, 0);

  for (const index of [1, 2, 3]) await running.removeNode(index);
  await readable();
  for (let i = 0; i < 3; i++) await running.addNode();
  t.is((await running.repair()).failed, 0);
  t.is((await running.health()).segments.healthy, segments);
  await readable();
});

test("offline nodes are not repaired around until too few pieces are left", async (t) => {
  const running = await network(t);
  const apiKey = await running.createApiKey((await running.createProject("project")).id);
  const uplink = createUplink({});
  t.teardown(() => uplink.close());
  const grant = await uplink.requestAccess({ satellite: running.nodeUrl, apiKey, passphrase: "p" });
  const project = await uplink.openProject(grant);
  await project.createBucket("bucket");
  const body = randomBytes(200_000);
  await project.putObject("bucket", "key", [body]);
  const held = (await running.health()).nodes.filter(({ pieces }) => pieces > 0).map(({ nodeId }) => nodeId);
  const holders = running.nodes().filter(({ nodeId }) => held.some((id) => Buffer.compare(id, nodeId) === 0));
  await running.stopNode(holders[0]!.index);
  t.is((await running.repair()).repaired, 0);
  // Down to four pieces; then two other nodes take over.
  for (const { index } of holders.slice(1, held.length - 4)) await running.stopNode(index);
  t.is((await running.health()).segments.needRepair, 1);
  t.is((await running.repair()).repaired, 1);
  for (const { index } of holders.slice(-1)) await running.stopNode(index);
  t.true((await readAll((await project.getObject("bucket", "key")).body)).equals(body));
});
