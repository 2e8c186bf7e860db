import test from "ava";
import { parseApiKey } from "../../../core/access/api-key.js";
import { serializeMacaroon } from "../../../core/access/macaroon.js";
import { utf8 } from "../../../core/bytes/bytes.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import {
  AccountLicensesRequest,
  GetBucketNotificationConfigurationRequest,
  GetBucketTaggingRequest,
  SetBucketNotificationConfigurationRequest,
  SetBucketTaggingRequest,
} from "../../../proto/gen/metainfo.js";
import { failure, type TestSatellite, testSatellite } from "../../helpers/satellite.js";
import { createBucket } from "../../helpers/satellite-calls.js";

const name = utf8("bucket");

function setTags(on: TestSatellite, tags: readonly (readonly [string, string])[]) {
  const messages = tags.map(([key, value]) => ({ key: utf8(key), value: utf8(value) }));
  return on.client.setBucketTagging(SetBucketTaggingRequest.fromPartial({ name, tags: messages, header: on.header }));
}

async function tagsOf(on: TestSatellite): Promise<string[]> {
  const request = GetBucketTaggingRequest.fromPartial({ name, header: on.header });
  const { tags } = await on.client.getBucketTagging(request);
  return tags.map(({ key, value }) => `${Buffer.from(key).toString()}=${Buffer.from(value).toString()}`);
}

test("tags of a bucket are replaced as a whole, and none is told from not there", async (t) => {
  const on = await testSatellite(t);
  t.is((await failure(setTags(on, []))).message, "bucket not found: bucket");
  await createBucket(on, "bucket");
  t.deepEqual(await failure(tagsOf(on)), { status: RpcStatus.TagsNotFound, message: "No tags are set on the bucket" });
  await setTags(on, [
    ["größe", "5 + 1: a/b@c=_."],
    ["empty", ""],
  ]);
  t.deepEqual(await tagsOf(on), ["größe=5 + 1: a/b@c=_.", "empty="]);
  await setTags(on, [["one", "1"]]);
  t.deepEqual(await tagsOf(on), ["one=1"]);
  await setTags(on, []);
  t.is((await failure(tagsOf(on))).status, RpcStatus.TagsNotFound);
});

test("tags follow the rules", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const status = async (tags: readonly (readonly [string, string])[]) => (await failure(setTags(on, tags))).status;
  t.is(await status(Array.from({ length: 51 }, (_, i) => [`k${i}`, ""] as const)), RpcStatus.TooManyTags);
  t.is(await status([["", "v"]]), RpcStatus.TagKeyInvalid);
  t.is(await status([["k".repeat(129), "v"]]), RpcStatus.TagKeyInvalid);
  t.is(await status([["k!", "v"]]), RpcStatus.TagKeyInvalid);
  t.is(await status([["k", "v".repeat(257)]]), RpcStatus.TagValueInvalid);
  t.is(await status([["k", "v*"]]), RpcStatus.TagValueInvalid);
  t.is(
    await status([
      ["k", "1"],
      ["k", "2"],
    ]),
    RpcStatus.TagKeyDuplicate,
  );
  await setTags(on, [["𝒌".repeat(128), "v".repeat(256)]]);
});

const configuration = { id: "id", topicName: "projects/p/topics/t", events: ["s3:ObjectCreated:*"] };

async function notifier(on: TestSatellite, pathEncryption: boolean) {
  const project = await on.satellite.createProject("notified", { pathEncryption });
  const apiKey = serializeMacaroon(parseApiKey(await on.satellite.createApiKey(project.id)));
  const header = { apiKey, userAgent: utf8("test") };
  return {
    header,
    set: (fields: object | undefined) =>
      on.client.setBucketNotificationConfiguration(
        SetBucketNotificationConfigurationRequest.fromPartial({ name, configuration: fields, header }),
      ),
    get: () =>
      on.client.getBucketNotificationConfiguration(
        GetBucketNotificationConfigurationRequest.fromPartial({ name, header }),
      ),
  };
}

test("notifications are for projects whose object keys the satellite may know", async (t) => {
  const on = await testSatellite(t);
  const { set, get, header } = await notifier(on, true);
  t.deepEqual(await failure(get()), { status: RpcStatus.NotFound, message: "bucket not found" });
  await createBucket({ ...on, header }, "bucket");
  t.is((await get()).configuration, undefined);
  t.deepEqual(await failure(set(configuration)), {
    status: RpcStatus.FailedPrecondition,
    message: "Bucket eventing requires satellite-managed encryption (path encryption must be disabled)",
  });
});

test("a notification is kept when its topic has taken a test event", async (t) => {
  const sent: string[] = [];
  const on = await testSatellite(t, {
    publishEvent: async (topic, event) => {
      if (topic.endsWith("/gone")) throw new Error("no such topic");
      sent.push(`${topic} ${JSON.parse(Buffer.from(event).toString()).Event}`);
    },
  });
  const { set, get, header } = await notifier(on, false);
  await createBucket({ ...on, header }, "bucket");
  await set({ ...configuration, filter: { prefix: "a", suffix: "b" } });
  t.deepEqual(sent, ["projects/p/topics/t s3:TestEvent"]);
  t.like((await get()).configuration, { ...configuration, filter: { prefix: "a", suffix: "b" } });
  const message = async (fields: object) => (await failure(set({ ...configuration, ...fields }))).message;
  t.is(await message({ events: [] }), "at least one event type is required");
  t.is(await message({ events: ["s3:Other"] }), "invalid bucket event type: s3:Other");
  t.is(await message({ topicName: "topic" }), "invalid fully-qualified topic name format: topic");
  t.is(await message({ topicName: "projects/p/topics/gone" }), "failed to publish test event to topic: no such topic");
  await set(undefined);
  t.is((await get()).configuration, undefined);
});

test("licences of the project are told, unless they are of another kind, bucket or time", async (t) => {
  const on = await testSatellite(t);
  const [project] = await on.satellite.listProjects();
  const add = (license: Parameters<typeof on.satellite.addLicense>[1]) => on.satellite.addLicense(project!.id, license);
  await add({ type: "om", key: utf8("key") });
  await add({ type: "om", bucketName: "other" });
  await add({ type: "else" });
  await add({ type: "om", expiresAt: new Date(on.clock.now) });
  const request = AccountLicensesRequest.fromPartial({ type: "om", bucketName: "bucket", header: on.header });
  const { licenses } = await on.client.accountLicenses(request);
  t.deepEqual(
    licenses.map(({ type, key, expiresAt }) => [type, Buffer.from(key).toString(), expiresAt]),
    [["om", "key", undefined]],
  );
  t.is((await on.client.accountLicenses({ ...request, type: "", bucketName: "" })).licenses.length, 3);
});
