import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test from "ava";
import { projectLab, readAll } from "../../helpers/project-lab.js";
import { until } from "../../helpers/until.js";

test("garbage collection takes what no segment refers to, and nothing else", async (t) => {
  const { project, satellite, nodes } = await projectLab(t, {
    satellite: { times: { gcMarginMs: -1_000 } },
    node: { retainSkewMs: 0 },
  });
  await project.createBucket("bucket");
  const body = randomBytes(100_000);
  await project.putObject("bucket", "kept", [body]);
  await project.putObject("bucket", "source", [body]);
  await project.copyObject({ bucket: "bucket", key: "source" }, { bucket: "bucket", key: "copy" });
  await project.deleteObject("bucket", "source");
  for (let i = 0; i < 20; i++) await project.putObject("bucket", "garbage", [randomBytes(20_000)]);
  await project.deleteObject("bucket", "garbage");
  t.deepEqual(await satellite.collectGarbage(), { sent: 10, failed: 0 });
  await Promise.all(nodes.map((node) => node.upkeep.retain()));
  // A tenth of the garbage, in the long run, looks like what is to be kept.
  const trashed = nodes.reduce((sum, node) => sum + node.stats().trashed, 0);
  t.true(trashed > 100, `${trashed} pieces are in the trash`);
  for (const key of ["kept", "copy"]) {
    t.true((await readAll((await project.getObject("bucket", key)).body)).equals(body));
  }
});

test("a node that holds something else fails audits until it is out", async (t) => {
  const { project, satellite, nodes, faults } = await projectLab(t);
  await project.createBucket("bucket");
  const body = randomBytes(100_000);
  await project.putObject("bucket", "key", [body]);
  const { nodes: before } = await satellite.health();
  const holder = before.find(({ pieces }) => pieces > 0)!;
  const liar = nodes.findIndex(({ nodeId }) => Buffer.compare(nodeId, holder.nodeId) === 0);
  t.deepEqual(
    { ...(await satellite.audit(2)), success: 0 },
    { segments: 2, success: 0, failure: 0, offline: 0, unknown: 0 },
  );
  faults[liar] = { onSend: async (data) => data.map((byte) => byte ^ 1) };
  const round = await satellite.audit(50);
  t.is(round.failure, 41, "then it is disqualified, and not asked any more");
  const after = (await satellite.health()).nodes.find(({ nodeId }) => Buffer.compare(nodeId, holder.nodeId) === 0);
  t.true(after?.disqualified);
  t.is(after?.audits.failures, 41);
  t.true((await readAll((await project.getObject("bucket", "key")).body)).equals(body));
  t.true((await satellite.repair()).repaired >= 1);
});

test("orders are settled once, and show in the usage of their bucket", async (t) => {
  const clock = { now: Date.now() };
  const { project, satellite, nodes, projectId } = await projectLab(t, {
    satellite: { now: () => clock.now },
    node: { now: () => clock.now },
  });
  await project.createBucket("bucket");
  const body = randomBytes(400_000);
  await project.putObject("bucket", "key", [body]);
  await readAll((await project.getObject("bucket", "key")).body);
  // A window is not settled while one of its transfers runs, and nodes hear of the end of a download after its reader.
  await until(() => nodes.every((node) => node.stats().downloads.active === 0));
  clock.now += 3 * 3_600_000;
  for (const node of nodes) await node.upkeep.settleOrders();
  t.is(
    nodes.reduce((sum, node) => sum + node.stats().settled.rejected, 0),
    0,
  );
  const [usage] = await satellite.usage(projectId);
  t.is(usage?.name, "bucket");
  t.is(usage?.objects, 1);
  t.true((usage?.storedBytes ?? 0) >= body.length);
  const settled = usage?.settledEgress ?? 0;
  t.true(settled >= body.length && settled < 3 * body.length, `${settled} bytes`);
  for (const node of nodes) await node.upkeep.settleOrders();
  t.is((await satellite.usage(projectId))[0]?.settledEgress, settled);
});

/** Flips a bit in the middle of each large file. */
async function damage(dir: string): Promise<number> {
  let damaged = 0;
  for (const entry of await readdir(dir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const bytes = await readFile(path);
    if (bytes.length < 10_000) continue;
    const middle = bytes.length >> 1;
    bytes[middle] = bytes[middle]! ^ 1;
    await writeFile(path, bytes);
    damaged++;
  }
  return damaged;
}

test("pieces that nodes say they have lost are made anew on others", async (t) => {
  const { project, satellite, nodes, nodeDir } = await projectLab(t, { nodes: 12 });
  await project.createBucket("bucket");
  const body = randomBytes(400_000);
  await project.putObject("bucket", "key", [body]);
  await until(() => nodes.every((node) => node.stats().uploads.active === 0));
  const { nodes: before } = await satellite.health();
  const holder = before.find(({ pieces }) => pieces > 0)!;
  const index = nodes.findIndex(({ nodeId }) => Buffer.compare(nodeId, holder.nodeId) === 0);
  t.true((await damage(nodeDir(index))) > 0);
  t.is((await satellite.audit(1)).unknown, 1);
  t.is((await satellite.repair()).repaired, 0);
  // A node tells what it has lost after a while, or when it stops.
  await nodes[index]?.stop();
  t.is((await satellite.health()).segments.needRepair, 1);
  t.is((await satellite.repair()).repaired, 1);
  const { nodes: after, segments } = await satellite.health();
  t.is(after.find(({ nodeId }) => Buffer.compare(nodeId, holder.nodeId) === 0)?.pieces, 0);
  t.is(segments.needRepair, 0);
  t.true((await readAll((await project.getObject("bucket", "key")).body)).equals(body));
});
