import test from "ava";
import { utf8, utf8Text } from "../../../core/bytes/bytes.js";
import { RpcStatus } from "../../../core/rpc/status.js";
import {
  CreateBucketRequest,
  DeleteBucketRequest,
  GetBucketLocationRequest,
  GetBucketRequest,
  GetBucketVersioningRequest,
  ListBucketsRequest,
} from "../../../proto/gen/metainfo.js";
import { failure, testSatellite } from "../../helpers/satellite.js";
import { beginUpload, createBucket, putInline } from "../../helpers/satellite-calls.js";

test("a bucket is made, found, listed and deleted", async (t) => {
  const on = await testSatellite(t);
  const { client, header } = on;
  const name = utf8("bucket");
  const { bucket } = await client.createBucket(CreateBucketRequest.fromPartial({ name, header }));
  t.is(utf8Text(bucket!.name), "bucket");
  t.is(bucket!.createdAt!.seconds, Math.floor(on.clock.now / 1000));
  t.is(bucket!.defaultSegmentSize, 64 * 1024 * 1024);

  t.deepEqual(await failure(client.createBucket(CreateBucketRequest.fromPartial({ name, header }))), {
    status: RpcStatus.AlreadyExists,
    message: "bucket already exists",
  });
  t.truthy((await client.getBucket(GetBucketRequest.fromPartial({ name, header }))).bucket);
  t.is((await client.getBucketVersioning(GetBucketVersioningRequest.fromPartial({ name, header }))).versioning, 1);
  t.is((await client.getBucketLocation(GetBucketLocationRequest.fromPartial({ name, header }))).location.length, 0);

  await client.deleteBucket(DeleteBucketRequest.fromPartial({ name, header }));
  t.deepEqual(await failure(client.getBucket(GetBucketRequest.fromPartial({ name, header }))), {
    status: RpcStatus.NotFound,
    message: "bucket not found: bucket",
  });
});

test("names follow the rules", async (t) => {
  const { client, header } = await testSatellite(t);
  const create = (name: string) => client.createBucket(CreateBucketRequest.fromPartial({ name: utf8(name), header }));
  for (const name of ["abc", "a.b.c", "0-9", "1.2.3.256", "x".repeat(63)]) await create(name);
  for (const [name, text] of [
    ["", "metainfo: no bucket specified"],
    ["ab", "metainfo: The specified bucket name must be at least 3 and no more than 63 characters long"],
    ["a..b", "metainfo: bucket label cannot be empty"],
    ["Abc", "metainfo: bucket label must start with a lowercase letter or number"],
    ["abc-", "metainfo: bucket label must end with a lowercase letter or number"],
    ["a_c", "metainfo: bucket name must contain only lowercase letters, numbers or hyphens"],
    ["1.2.3.255", "metainfo: bucket name cannot be formatted as an IP address"],
  ] as const) {
    t.deepEqual(await failure(create(name)), { status: RpcStatus.InvalidArgument, message: text }, name);
  }
});

test("a project has a limit of buckets, and no other project's", async (t) => {
  const on = await testSatellite(t, { limits: { maxBuckets: 2 } });
  await createBucket(on, "one");
  await createBucket(on, "two");
  t.deepEqual(await failure(createBucket(on, "three")), {
    status: RpcStatus.ResourceExhausted,
    message: "number of allocated buckets (2) exceeded",
  });
  const header = await on.stranger();
  const { items } = await on.client.listBuckets(ListBucketsRequest.fromPartial({ direction: 2, header }));
  t.deepEqual(items, []);
  t.is((await failure(on.client.getBucket(GetBucketRequest.fromPartial({ name: utf8("one"), header })))).status, 5);
});

test("buckets are listed in order, from or after a cursor, and only those that the key may see", async (t) => {
  const on = await testSatellite(t);
  for (const name of ["bbb", "ccc", "aaa", "ddd"]) await createBucket(on, name);
  const names = async (fields: Parameters<typeof ListBucketsRequest.fromPartial>[0]) => {
    const reply = await on.client.listBuckets(ListBucketsRequest.fromPartial({ header: on.header, ...fields }));
    return [reply.items.map((item) => utf8Text(item.name)).join(" "), reply.more];
  };
  t.deepEqual(await names({ direction: 1 }), ["aaa bbb ccc ddd", false]);
  t.deepEqual(await names({ direction: 1, cursor: utf8("bbb"), limit: 2 }), ["bbb ccc", true]);
  t.deepEqual(await names({ direction: 2, cursor: utf8("bbb"), limit: 2 }), ["ccc ddd", false]);
  t.is((await failure(names({}))).status, RpcStatus.Unknown);

  const header = on.restricted({ allowedPaths: [{ bucket: utf8("ccc") }, { bucket: utf8("ddd") }] });
  t.deepEqual(await names({ direction: 2, header }), ["ccc ddd", false]);
  t.deepEqual(await names({ direction: 2, header, limit: 1 }), ["ccc", true]);
  t.deepEqual(await names({ direction: 2, header, limit: 1, cursor: utf8("ccc") }), ["ddd", false]);
});

test("a bucket with anything in it is deleted only when that is asked for", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  await beginUpload(on, "bucket", "pending");
  const request = { name: utf8("bucket"), header: on.header };
  const notEmpty = { status: RpcStatus.FailedPrecondition, message: "bucket not empty" };
  t.deepEqual(await failure(on.client.deleteBucket(DeleteBucketRequest.fromPartial(request))), notEmpty);

  for (let i = 0; i < 250; i++) await putInline(on, "bucket", `key ${i}`);
  const noList = on.restricted({ disallowLists: true });
  const all = { ...request, deleteAll: true };
  t.deepEqual(
    await failure(on.client.deleteBucket(DeleteBucketRequest.fromPartial({ ...all, header: noList }))),
    notEmpty,
  );
  const reply = await on.client.deleteBucket(DeleteBucketRequest.fromPartial(all));
  t.is(reply.deletedObjectsCount, 251);
  t.is((await failure(on.client.getBucket(GetBucketRequest.fromPartial(request)))).status, RpcStatus.NotFound);
});

test("deleting needs the permission to delete", async (t) => {
  const on = await testSatellite(t);
  await createBucket(on, "bucket");
  const header = on.restricted({ disallowDeletes: true });
  t.deepEqual(
    await failure(on.client.deleteBucket(DeleteBucketRequest.fromPartial({ name: utf8("bucket"), header }))),
    {
      status: RpcStatus.PermissionDenied,
      message: "Unauthorized API credentials",
    },
  );
});
