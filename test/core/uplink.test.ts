import test from "ava";
import { newGrant, parseGrant, serializeGrant } from "../../core/access/grant.js";
import { utf8, utf8Text } from "../../core/bytes/bytes.js";
import { createIdentity } from "../../core/identity/identity.js";
import { nodeIdText } from "../../core/identity/node-id.js";
import { parseNodeUrl } from "../../core/identity/node-url.js";
import { fillTransferOptions } from "../../core/options.js";
import { createUplink, openProject } from "../../core/uplink.js";
import { projectLab, readAll } from "../helpers/project-lab.js";

test("an access grant from API key and passphrase", async (t) => {
  const { satellite } = await projectLab(t, { nodes: 0 });
  const uplink = createUplink();
  t.teardown(() => uplink.close());
  const { id } = await satellite.createProject("passphrase");
  const apiKey = await satellite.createApiKey(id);
  const request = { satellite: satellite.nodeUrl, apiKey, passphrase: "correct horse" };
  const text = await uplink.requestAccess(request);
  t.is(parseGrant(text).satelliteAddress, satellite.nodeUrl);
  const project = await uplink.openProject(text);
  await project.createBucket("bucket");
  await project.putObject("bucket", "key", [utf8("hello")]);
  // The same words give the same keys, others see nothing.
  const again = await uplink.openProject(await uplink.requestAccess(request));
  t.is(utf8Text(await readAll((await again.getObject("bucket", "key")).body)), "hello");
  const other = await uplink.openProject(await uplink.requestAccess({ ...request, passphrase: "Correct horse" }));
  t.deepEqual((await other.listObjects("bucket")).entries, []);
  await t.throwsAsync(other.headObject("bucket", "key"), { code: "object-not-found" });
  await t.throwsAsync(uplink.requestAccess({ ...request, apiKey: "nonsense" }), { code: "invalid-argument" });
});

test("satellites may be dialled elsewhere than grants say", async (t) => {
  const { satellite, grant, open } = await projectLab(t, { nodes: 0 });
  const parsed = parseGrant(grant);
  const nodeId = nodeIdText(satellite.nodeId);
  const moved = { ...parsed, satelliteAddress: `${nodeId}@satellite.invalid:7777` };
  const uplink = createUplink({ satelliteAddresses: { [nodeId]: satellite.address } });
  t.teardown(() => uplink.close());
  const project = await uplink.openProject(serializeGrant(moved));
  t.deepEqual((await project.listBuckets()).buckets, []);
  await open();
});

test("a satellite must be who the grant says", async (t) => {
  const { satellite, grant } = await projectLab(t, { nodes: 0 });
  const impostor = nodeIdText((await createIdentity()).nodeId);
  const parsed = { ...parseGrant(grant), satelliteAddress: `${impostor}@${satellite.address}` };
  const project = await openProject(parsed);
  t.teardown(() => project.close());
  await t.throwsAsync(project.listBuckets(), { code: "unauthenticated" });
});

test("grants that open nothing", async (t) => {
  const uplink = createUplink();
  t.teardown(() => uplink.close());
  await t.throwsAsync(uplink.openProject("nonsense"), { code: "invalid-grant" });
  const { grant } = await projectLab(t, { nodes: 0 });
  const nameless = newGrant({
    satelliteAddress: parseNodeUrl(parseGrant(grant).satelliteAddress).address,
    apiKey: parseGrant(grant).apiKey,
    rootKey: new Uint8Array(32),
  });
  await t.throwsAsync(uplink.openProject(nameless), { code: "invalid-grant" });
});

test("an uplink that is closed", async (t) => {
  const { grant } = await projectLab(t, { nodes: 0 });
  const uplink = createUplink();
  const project = await uplink.openProject(grant);
  t.deepEqual((await project.listBuckets()).buckets, []);
  await uplink.close();
  await t.throwsAsync(project.listBuckets(), { code: "failed-precondition" });
});

test("a satellite that is not there", async (t) => {
  const { satellite, grant } = await projectLab(t, { nodes: 0 });
  const parsed = { ...parseGrant(grant), satelliteAddress: `${nodeIdText(satellite.nodeId)}@127.0.0.1:1` };
  const project = await openProject(parsed);
  t.teardown(() => project.close());
  // Dials are repeated for some seconds; a caller may leave earlier.
  const signal = AbortSignal.timeout(300);
  await t.throwsAsync(project.listBuckets({ signal }), { code: "deadline-exceeded" });
});

test("options are filled in and checked", (t) => {
  const filled = fillTransferOptions({ slowNodeMs: 5, pieceHash: "blake3" });
  t.is(filled.segmentSize, 64 * 1024 * 1024);
  t.is(filled.slowNodeMs, 5);
  t.is(filled.pieceHash, "blake3");
  t.deepEqual(fillTransferOptions({ segmentSize: undefined }), fillTransferOptions());
  for (const options of [
    { segmentSize: 0 },
    { segmentSize: 4096 },
    { segmentSize: 64 * 1024 * 1024 + 1 },
    { inlineSize: 4097 },
    { readAheadBytes: 1.5 },
    { hedgeMs: Number.NaN },
    { pieceHash: "md5" as "sha256" },
  ]) {
    t.throws(() => fillTransferOptions(options), { code: "invalid-argument" }, JSON.stringify(options));
  }
});

test("pieces hashed with BLAKE3, as the real uplink hashes them", async (t) => {
  const { project } = await projectLab(t, { uplink: { pieceHash: "blake3" } });
  await project.createBucket("bucket");
  const data = new Uint8Array(50_000).fill(3);
  await project.putObject("bucket", "key", [data]);
  t.deepEqual(new Uint8Array(await readAll((await project.getObject("bucket", "key")).body)), data);
});
