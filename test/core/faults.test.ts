import { randomBytes } from "node:crypto";
import { createServer, type Socket } from "node:net";
import test from "ava";
import type { Project } from "../../core/api.js";
import { corrupting, frozen, lyingAboutHash, rejecting, slow, stallingAfter } from "../helpers/faulty-node.js";
import { bodyOf, type ProjectLab, projectLab, readAll } from "../helpers/project-lab.js";

const mib = 1024 * 1024;
const impatient = { segmentSize: mib, slowNodeMs: 150, hedgeMs: 50, nodeStallMs: 5000, uploadWindowBytes: 256 * 1024 };

async function roundTrip(project: Project, key: string, size: number): Promise<boolean> {
  const data = randomBytes(size);
  await project.putObject("bucket", key, bodyOf(data));
  return (await readAll((await project.getObject("bucket", key)).body)).equals(data);
}

/** An object written while all nodes were well. */
async function written(lab: ProjectLab, size = 3 * mib): Promise<Buffer> {
  await lab.project.createBucket("bucket");
  const data = randomBytes(size);
  await lab.project.putObject("bucket", "before", bodyOf(data));
  return data;
}

const read = async (project: Project, key = "before") => readAll((await project.getObject("bucket", key)).body);

test.serial("two of ten nodes are stopped: objects read and new ones are written", async (t) => {
  const lab = await projectLab(t, { uplink: impatient });
  const data = await written(lab);
  await Promise.all(lab.nodes.slice(3, 5).map((node) => node.stop()));
  t.true((await read(lab.project)).equals(data));
  t.true(await roundTrip(lab.project, "after", 3 * mib + 17));
  t.true((await read(await lab.open())).equals(data));
});

test.serial("three of ten are stopped: enough to read, not to write, and said at once", async (t) => {
  const lab = await projectLab(t, { uplink: impatient });
  const data = await written(lab);
  await Promise.all(lab.nodes.slice(0, 3).map((node) => node.stop()));
  t.true((await read(lab.project)).equals(data));
  await t.throwsAsync(lab.project.putObject("bucket", "after", bodyOf(randomBytes(mib))), { code: "not-enough-nodes" });
  t.deepEqual((await lab.project.listUploads("bucket")).entries, []);
});

test.serial("a frozen node holds nobody up", async (t) => {
  const lab = await projectLab(t, { uplink: impatient });
  const data = await written(lab);
  lab.faults[2] = frozen();
  lab.faults[7] = frozen();
  const began = Date.now();
  t.true((await read(lab.project)).equals(data));
  t.true(await roundTrip(lab.project, "after", 3 * mib));
  t.true(Date.now() - began < 15_000);
});

test.serial("a node whose machine hangs accepts connections and says nothing", async (t) => {
  const lab = await projectLab(t, { uplink: impatient });
  const data = await written(lab);
  const sockets = new Set<Socket>();
  for (const node of lab.nodes.slice(0, 2)) {
    const [host = "", port = ""] = node.address.split(":");
    await node.stop();
    const silent = createServer((socket) => sockets.add(socket));
    await new Promise<void>((resolve) => silent.listen(Number(port), host, resolve));
    t.teardown(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
  }
  // Connections from before are gone: a new uplink has to dial.
  const project = await lab.open();
  const began = Date.now();
  t.true((await read(project)).equals(data));
  t.true(await roundTrip(project, "after", 3 * mib));
  t.true(sockets.size > 0);
  t.true(Date.now() - began < 9000, `${Date.now() - began} ms`); // a dial is given up after 10 seconds
});

test.serial("a node that flips bits is found out", async (t) => {
  const lab = await projectLab(t, { uplink: impatient });
  const data = await written(lab);
  lab.faults[1] = corrupting();
  t.true((await read(lab.project)).equals(data));
  t.true(await roundTrip(lab.project, "after", 2 * mib));
  const range = { start: mib - 5000, end: mib + 5000 };
  const part = await lab.project.getObject("bucket", "before", { range });
  t.true((await readAll(part.body)).equals(data.subarray(range.start, range.end)));
});

test.serial("more corrupt pieces than can be told apart are an error, not wrong bytes", async (t) => {
  const lab = await projectLab(t, { uplink: impatient });
  await written(lab, 100_000);
  // Each in its own way: the same flip in all shares would make another valid code word.
  const garbled = { onSend: async (data: Uint8Array) => Uint8Array.from(data, (byte) => byte ^ randomBytes(1)[0]!) };
  lab.faults.push(...lab.nodes.map(() => garbled));
  await t.throwsAsync(read(lab.project), { code: "corrupt-data" });
});

test.serial("nodes that stall in the middle are replaced", async (t) => {
  const lab = await projectLab(t, { uplink: impatient });
  const data = await written(lab);
  lab.faults[0] = stallingAfter(100_000);
  lab.faults[4] = stallingAfter(1);
  t.true((await read(lab.project)).equals(data));
});

test.serial("slow nodes are left behind", async (t) => {
  const lab = await projectLab(t, { uplink: { ...impatient, segmentSize: 8 * mib } });
  await lab.project.createBucket("bucket");
  lab.faults[5] = slow(400);
  lab.faults[6] = slow(400);
  const began = Date.now();
  t.true(await roundTrip(lab.project, "key", 8 * mib));
  // Each slow node would take 2 MiB in steps of at most 64 KiB: over 12 seconds.
  t.true(Date.now() - began < 11_000, `${Date.now() - began} ms`);
});

test.serial("nodes that refuse are replaced by others", async (t) => {
  const lab = await projectLab(t, { uplink: impatient, nodes: 14 });
  await lab.project.createBucket("bucket");
  for (const broken of [0, 1, 2]) lab.faults[broken] = rejecting(["upload"]);
  lab.faults[3] = lyingAboutHash();
  for (let i = 0; i < 5; i++) t.true(await roundTrip(lab.project, `key${i}`, mib + i));
});

test.serial("nodes that fail late make the segment be sent again to others", async (t) => {
  const lab = await projectLab(t, { uplink: { ...impatient, segmentSize: 8 * mib }, nodes: 16 });
  await lab.project.createBucket("bucket");
  // Whatever four nodes are asked first: they take some of the piece, and then fail.
  let failing = 4;
  const failed = new Set<number>();
  lab.faults.push(
    ...lab.nodes.map((_, node) => ({
      async onReceived(_data: Uint8Array, offset: number) {
        if (offset < mib || failed.has(node) || failing === 0) return;
        failing--;
        failed.add(node);
        throw new Error("disk on fire");
      },
    })),
  );
  t.true(await roundTrip(lab.project, "key", 7 * mib));
  t.is(failing, 0);
});

test.serial("the connection breaks in the middle of everything", async (t) => {
  const lab = await projectLab(t, { uplink: impatient });
  const data = await written(lab);
  const download = await lab.project.getObject("bucket", "before");
  const chunks: Uint8Array[] = [];
  for await (const chunk of download.body) {
    if (chunks.length === 0) await Promise.all(lab.nodes.slice(0, 2).map((node) => node.stop()));
    chunks.push(chunk);
  }
  t.true(Buffer.concat(chunks).equals(data));
});

test.serial("a body is not read further than two segments that nobody takes", async (t) => {
  const lab = await projectLab(t, { uplink: impatient });
  await lab.project.createBucket("bucket");
  lab.faults.push(...lab.nodes.map(() => frozen()));
  let read = 0;
  async function* endless() {
    for (;;) {
      read += 64 * 1024;
      yield new Uint8Array(64 * 1024);
    }
  }
  const project = await lab.open({ nodeStallMs: 1000, segmentSize: 16 * mib });
  await t.throwsAsync(project.putObject("bucket", "key", endless()), { code: "not-enough-nodes" });
  // A segment may be begun while the pieces of the one before are under way.
  t.true(read <= 33 * mib, `${read} bytes`);
});

test.serial("what nodes send is bounded by what the reader takes", async (t) => {
  const lab = await projectLab(t, { uplink: { ...impatient, readAheadBytes: mib } });
  await lab.project.createBucket("bucket");
  await lab.project.putObject("bucket", "key", bodyOf(randomBytes(20 * mib)));
  let sent = 0;
  const counting = {
    async onSend(data: Uint8Array) {
      sent += data.length;
      return data;
    },
  };
  lab.faults.push(...lab.nodes.map(() => counting));
  const download = await lab.project.getObject("bucket", "key");
  const body = download.body[Symbol.asyncIterator]();
  await body.next();
  for (let last = -1; last !== sent; ) {
    last = sent;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  t.true(sent < 5 * mib, `${sent} bytes`);
  let size = 0;
  for (let next = await body.next(); !next.done; next = await body.next()) size += next.value.length;
  t.true(size > 19 * mib);
});
