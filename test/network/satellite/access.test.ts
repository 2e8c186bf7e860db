import test from "ava";
import { parseApiKey } from "../../../core/access/api-key.js";
import { addCaveat, parseMacaroon, serializeMacaroon } from "../../../core/access/macaroon.js";
import { toHex, utf8, utf8Text } from "../../../core/bytes/bytes.js";
import { timestampOfMillis } from "../../../core/bytes/timestamp.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import {
  DownloadObjectRequest,
  GetObjectRequest,
  ProjectInfoRequest,
  type RequestHeader,
  RevokeAPIKeyRequest,
} from "../../../proto/gen/metainfo.js";
import { failure, type TestSatellite, testSatellite } from "../../helpers/satellite.js";
import { createBucket, list, putInline } from "../../helpers/satellite-calls.js";

const denied = { status: RpcStatus.PermissionDenied, message: "Unauthorized API credentials" };

const projectInfo = (on: TestSatellite, header: RequestHeader | undefined) =>
  on.client.projectInfo(ProjectInfoRequest.fromPartial({ header }));

const download = (on: TestSatellite, key: string, header: RequestHeader) =>
  on.client.downloadObject(
    DownloadObjectRequest.fromPartial({ bucket: utf8("bucket"), encryptedObjectKey: utf8(key), header }),
  );

test("a project has a salt that stays", async (t) => {
  const on = await testSatellite(t);
  const info = await projectInfo(on, on.header);
  t.is(info.projectSalt.length, 32);
  t.is(info.projectPublicId.length, 16);
  t.is(info.projectCreatedAt!.seconds, Math.floor(on.clock.now / 1000));
  t.is(toHex((await projectInfo(on, on.restricted({ disallowReads: true }))).projectSalt), toHex(info.projectSalt));
  t.notDeepEqual((await projectInfo(on, await on.stranger())).projectSalt, info.projectSalt);
});

test("clients are told of the services that know this satellite", async (t) => {
  const on = await testSatellite(t);
  t.is((await projectInfo(on, on.header)).edgeUrlOverrides, undefined);
  on.satellite.setEdgeUrls({ authService: "insecure://localhost:1", linksharing: "http://localhost:2" });
  const { edgeUrlOverrides } = await projectInfo(on, on.header);
  t.is(utf8Text(edgeUrlOverrides!.authService), "insecure://localhost:1");
  t.is(utf8Text(edgeUrlOverrides!.publicLinksharing), "http://localhost:2");
  t.is(utf8Text(edgeUrlOverrides!.privateLinksharing), "http://localhost:2");
});

test("keys that are none, unknown or forged are refused", async (t) => {
  const on = await testSatellite(t);
  const invalid = { status: RpcStatus.InvalidArgument, message: "Invalid API credentials" };
  t.deepEqual(await failure(projectInfo(on, undefined)), invalid);
  t.deepEqual(await failure(projectInfo(on, { ...on.header, apiKey: utf8("nonsense") })), invalid);
  const key = parseMacaroon(on.apiKey);
  const unknown = serializeMacaroon({ ...key, head: new Uint8Array(32) });
  t.deepEqual(await failure(projectInfo(on, { ...on.header, apiKey: unknown })), denied);
  const forged = serializeMacaroon({ ...key, tail: new Uint8Array(32) });
  t.deepEqual(await failure(projectInfo(on, { ...on.header, apiKey: forged })), denied);
});

test("caveats bound what a key may do", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  await putInline(on, "bucket", "a/key");
  await t.notThrowsAsync(download(on, "a/key", on.header));
  t.deepEqual(await failure(download(on, "a/key", on.restricted({ disallowReads: true }))), denied);
  t.deepEqual(await failure(list(on, "bucket", { header: on.restricted({ disallowLists: true }) })), denied);
  t.deepEqual(await failure(putInline(on, "bucket", "k", { header: on.restricted({ disallowWrites: true }) })), denied);

  const path = on.restricted({ allowedPaths: [{ bucket: utf8("bucket"), encryptedPathPrefix: utf8("a/") }] });
  await t.notThrowsAsync(download(on, "a/key", path));
  t.deepEqual(await failure(download(on, "b/key", path)), denied);
  t.deepEqual(await failure(list(on, "bucket", { header: path })), denied);
  t.is((await list(on, "bucket", { header: path, encryptedPrefix: utf8("a/") })).items.length, 1);

  const old = on.restricted({ notAfter: timestampOfMillis(on.clock.now + 1000) });
  await t.notThrowsAsync(download(on, "a/key", old));
  on.clock.now += 2000;
  t.deepEqual(await failure(download(on, "a/key", old)), denied);
});

test("an object's metadata is for those who may read or list it", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  await putInline(on, "bucket", "key");
  const get = (header: RequestHeader) =>
    on.client.getObject(
      GetObjectRequest.fromPartial({ bucket: utf8("bucket"), encryptedObjectKey: utf8("key"), header }),
    );
  await t.notThrowsAsync(get(on.restricted({ disallowReads: true })));
  await t.notThrowsAsync(get(on.restricted({ disallowLists: true })));
  t.deepEqual(await failure(get(on.restricted({ disallowReads: true, disallowLists: true }))), denied);
});

test("a revoked key and all keys made from it stop working at once", async (t) => {
  const on = await testSatellite(t);
  const child = on.restricted({ disallowWrites: true });
  const grandchild = serializeMacaroon(addCaveat(parseMacaroon(child.apiKey), new Uint8Array(0)));
  const sibling = on.restricted({ disallowLists: true });
  const revoke = (apiKey: Uint8Array, header: RequestHeader) =>
    on.client.revokeAPIKey(RevokeAPIKeyRequest.fromPartial({ apiKey, header }));
  const self = { status: RpcStatus.PermissionDenied, message: "Unauthorized attempt to revoke macaroon" };

  await projectInfo(on, { ...child, apiKey: grandchild });
  t.deepEqual(await failure(revoke(on.apiKey, on.header)), self);
  t.deepEqual(await failure(revoke(sibling.apiKey, child)), self);
  t.is((await failure(revoke(utf8("nonsense"), on.header))).message, "API key to revoke is not a macaroon");
  t.is((await failure(revoke(child.apiKey, await on.stranger()))).message, "Macaroon to revoke invalid");

  await revoke(child.apiKey, on.header);
  await revoke(child.apiKey, on.header);
  t.deepEqual(await failure(projectInfo(on, child)), denied);
  t.deepEqual(await failure(projectInfo(on, { ...child, apiKey: grandchild })), denied);
  await t.notThrowsAsync(projectInfo(on, sibling));
  await t.notThrowsAsync(projectInfo(on, on.header));
});

test("a project's requests are counted", async (t) => {
  const on = await testSatellite(t, { rateLimit: { perSecond: 2, burst: 3 } });
  for (let i = 0; i < 3; i++) await projectInfo(on, on.header);
  const tooMany = { status: RpcStatus.ResourceExhausted, message: "Too Many Requests" };
  t.deepEqual(await failure(projectInfo(on, on.header)), tooMany);
  await t.notThrowsAsync(projectInfo(on, await on.stranger()));
  on.clock.now += 500;
  await projectInfo(on, on.header);
  t.deepEqual(await failure(projectInfo(on, on.header)), tooMany);
});

test("a project without any requests may do nothing", async (t) => {
  const on = await testSatellite(t);
  const project = await on.satellite.createProject("closed", { rateLimit: 0 });
  const apiKey = serializeMacaroon(parseApiKey(await on.satellite.createApiKey(project.id)));
  t.deepEqual(await failure(projectInfo(on, { ...on.header, apiKey })), {
    status: RpcStatus.PermissionDenied,
    message: "All access disabled",
  });
});
