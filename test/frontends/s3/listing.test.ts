import {
  CreateBucketCommand,
  DeleteBucketCommand,
  GetBucketLocationCommand,
  GetBucketVersioningCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  paginateListObjectsV2,
} from "@aws-sdk/client-s3";
import test, { type ExecutionContext } from "ava";
import { elementText, signedRequest } from "../../helpers/s3-request.js";
import { startS3TestServer } from "../../helpers/s3-server.js";

const server = await startS3TestServer();
const s3 = server.client();
test.after.always(() => server.stop());

async function refusal(t: ExecutionContext, call: Promise<unknown>): Promise<string> {
  const error = (await t.throwsAsync(call)) as Error & { $metadata?: { httpStatusCode?: number } };
  return `${error.name} ${error.$metadata?.httpStatusCode}`;
}

async function filled(Bucket: string, keys: readonly string[]): Promise<string> {
  await server.project.createBucket(Bucket);
  for (const key of keys) await server.project.putObject(Bucket, key, [Buffer.from(key)]);
  return Bucket;
}

test("buckets from creation to deletion", async (t) => {
  const Bucket = "b-life.cycle";
  const created = await s3.send(new CreateBucketCommand({ Bucket }));
  t.is(created.Location, `/${Bucket}`);
  // As in Amazon's first region: what is there already may be created again, and nothing else.
  t.is((await s3.send(new CreateBucketCommand({ Bucket }))).Location, `/${Bucket}`);
  const locked = new CreateBucketCommand({ Bucket, ObjectLockEnabledForBucket: true });
  t.is(await refusal(t, s3.send(locked)), "BucketAlreadyOwnedByYou 409");
  const elsewhere = { LocationConstraint: "eu-west-1" } as const;
  await s3.send(new CreateBucketCommand({ Bucket: "b-elsewhere", CreateBucketConfiguration: elsewhere }));
  t.is((await s3.send(new HeadBucketCommand({ Bucket }))).BucketRegion, "us-east-1");
  t.is((await s3.send(new GetBucketLocationCommand({ Bucket }))).LocationConstraint, undefined);
  t.is((await s3.send(new GetBucketVersioningCommand({ Bucket }))).Status, undefined);
  await server.project.putObject(Bucket, "k", [Buffer.from("x")]);
  t.is(await refusal(t, s3.send(new DeleteBucketCommand({ Bucket }))), "BucketNotEmpty 409");
  await server.project.deleteObject(Bucket, "k");
  await server.project.beginUpload(Bucket, "pending");
  await s3.send(new DeleteBucketCommand({ Bucket }));
  t.is(await refusal(t, s3.send(new DeleteBucketCommand({ Bucket }))), "NoSuchBucket 404");
  t.is(await refusal(t, s3.send(new HeadBucketCommand({ Bucket }))), "NotFound 404");
  t.is(await refusal(t, s3.send(new GetBucketVersioningCommand({ Bucket }))), "NoSuchBucket 404");
});

test("bucket names", async (t) => {
  const bad = ["ab", "a".repeat(64), "-abc", "abc-", "a..b", "a.-b", "a_b", "Abc", "192.168.5.4", "%FF%FE%FD"];
  for (const name of bad) {
    const { body } = await signedRequest(server.url, { method: "PUT", target: `/${name}` });
    t.is(elementText(body, "Code"), "InvalidBucketName", name);
  }
  const malformed = await signedRequest(server.url, { method: "PUT", target: "/b-malformed", body: "<x" });
  t.is(elementText(malformed.body, "Code"), "MalformedXML");
});

test("lists buckets in pages", async (t) => {
  for (const name of ["page-c", "page-a", "page-b"]) await server.project.createBucket(name);
  const all = await s3.send(new ListBucketsCommand({ Prefix: "page-" }));
  t.deepEqual(
    all.Buckets?.map(({ Name }) => Name),
    ["page-a", "page-b", "page-c"],
  );
  t.truthy(all.Owner?.ID);
  t.true(Math.abs(all.Buckets![0]!.CreationDate!.getTime() - Date.now()) < 60_000);
  const first = await s3.send(new ListBucketsCommand({ Prefix: "page-", MaxBuckets: 2 }));
  t.is(first.Buckets?.length, 2);
  const rest = await s3.send(
    new ListBucketsCommand({ Prefix: "page-", MaxBuckets: 2, ContinuationToken: first.ContinuationToken }),
  );
  t.deepEqual(
    rest.Buckets?.map(({ Name }) => Name),
    ["page-c"],
  );
  t.is(rest.ContinuationToken, undefined);
});

test("lists with prefix, delimiter and markers", async (t) => {
  const keys = ["a/1", "a/2", "b", "c/d/1", "ä", "a b+c", "a,1", "a,2"];
  const Bucket = await filled("list-forms", keys);
  const list = async (more: object) => {
    const page = await s3.send(new ListObjectsCommand({ Bucket, ...more }));
    return {
      keys: page.Contents?.map(({ Key }) => Key) ?? [],
      prefixes: page.CommonPrefixes?.map(({ Prefix }) => Prefix) ?? [],
      next: page.NextMarker,
    };
  };
  t.deepEqual(await list({}), {
    keys: ["a b+c", "a,1", "a,2", "a/1", "a/2", "b", "c/d/1", "ä"],
    prefixes: [],
    next: undefined,
  });
  t.deepEqual(await list({ Delimiter: "/" }), {
    keys: ["a b+c", "a,1", "a,2", "b", "ä"],
    prefixes: ["a/", "c/"],
    next: undefined,
  });
  t.deepEqual(await list({ Delimiter: "," }), {
    keys: ["a b+c", "a/1", "a/2", "b", "c/d/1", "ä"],
    prefixes: ["a,"],
    next: undefined,
  });
  t.deepEqual(await list({ Prefix: "a/" }), { keys: ["a/1", "a/2"], prefixes: [], next: undefined });
  t.deepEqual(await list({ Prefix: "c/", Delimiter: "/" }), { keys: [], prefixes: ["c/d/"], next: undefined });
  t.deepEqual(await list({ Delimiter: "/", MaxKeys: 4 }), {
    keys: ["a b+c", "a,1", "a,2"],
    prefixes: ["a/"],
    next: "a/",
  });
  t.deepEqual(await list({ Delimiter: "/", Marker: "a/" }), { keys: ["b", "ä"], prefixes: ["c/"], next: undefined });
  t.deepEqual(await list({ MaxKeys: 0 }), { keys: [], prefixes: [], next: undefined });
  const [entry] = (await s3.send(new ListObjectsCommand({ Bucket, Prefix: "b" }))).Contents!;
  t.like(entry, { Key: "b", Size: 1, StorageClass: "STANDARD" });
  t.truthy(entry?.Owner?.ID);
});

test("second version: tokens, start-after, counts and owners", async (t) => {
  const keys = Array.from({ length: 25 }, (_, i) => `k${String(i).padStart(2, "0")}`);
  const Bucket = await filled("list-two", keys);
  const found: string[] = [];
  for await (const page of paginateListObjectsV2({ client: s3, pageSize: 7 }, { Bucket })) {
    t.is(page.KeyCount, page.Contents?.length);
    t.is(page.MaxKeys, 7);
    found.push(...page.Contents!.map(({ Key }) => Key!));
  }
  t.deepEqual(found, keys);
  const after = await s3.send(new ListObjectsV2Command({ Bucket, StartAfter: "k2", MaxKeys: 1 }));
  t.is(after.Contents?.[0]?.Key, "k20");
  t.is(after.StartAfter, "k2");
  t.is(after.Contents?.[0]?.Owner, undefined);
  t.true(after.IsTruncated);
  const owned = await s3.send(new ListObjectsV2Command({ Bucket, FetchOwner: true, MaxKeys: 1 }));
  t.truthy(owned.Contents?.[0]?.Owner?.ID);
  const list = (more: object) => s3.send(new ListObjectsV2Command({ Bucket, ...more }));
  t.is(await refusal(t, list({ ContinuationToken: "?" })), "InvalidArgument 400");
  t.is(await refusal(t, list({ MaxKeys: -1 })), "InvalidArgument 400");
  t.is(await refusal(t, list({ EncodingType: "rot13" })), "InvalidArgument 400");
  t.is(await refusal(t, s3.send(new ListObjectsV2Command({ Bucket: "not-there" }))), "NoSuchBucket 404");
});

test("encoding-type=url", async (t) => {
  const Bucket = await filled("list-encoded", ["a b+c/\u0001<&>/ä", "x"]);
  const target = `/${Bucket}?encoding-type=url&prefix=a%20b&delimiter=%2F`;
  const { body } = await signedRequest(server.url, { target });
  t.is(elementText(body, "Prefix"), "a%20b");
  t.regex(body, /<CommonPrefixes><Prefix>a%20b%2Bc\/</);
  t.is(elementText(body, "EncodingType"), "url");
  const deep = await signedRequest(server.url, { target: `/${Bucket}?encoding-type=url` });
  t.is(elementText(deep.body, "Key"), "a%20b%2Bc/%01%3C%26%3E/%C3%A4");
  const plain = await signedRequest(server.url, { target: `/${Bucket}` });
  t.is(elementText(plain.body, "Key"), "a b+c/&#x1;&lt;&amp;&gt;/ä");
});
