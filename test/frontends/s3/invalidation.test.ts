import { join } from "node:path";
import {
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketPolicyCommand,
  S3Client,
  type S3ClientConfig,
} from "@aws-sdk/client-s3";
import test, { type ExecutionContext } from "ava";
import { parseGrant, serializeGrant } from "../../../core/access/grant.js";
import { shareGrant } from "../../../core/access/share.js";
import { cachingGrantStore } from "../../../core/auth/caching-store.js";
import { createRecordsAdmin } from "../../../core/auth/records-admin.js";
import { createAuthService } from "../../../core/auth/service.js";
import { createAccessCache } from "../../../frontends/s3/auth/access-cache.js";
import { knexGrantStore } from "../../../store/knex/grant-store.js";
import { openGrantDatabase } from "../../../store/knex/open.js";
import { createMemoryProject } from "../../helpers/memory-project.js";
import { projectLab } from "../../helpers/project-lab.js";
import { startS3TestServer, testGrant } from "../../helpers/s3-server.js";
import { tempDir } from "../../helpers/temp-dir.js";
import { until } from "../../helpers/until.js";

/** The auth service as `postern serve` has it, on a database file of the test's own. */
async function authLab(t: ExecutionContext) {
  const dir = await tempDir();
  const store = cachingGrantStore(knexGrantStore(await openGrantDatabase(join(dir.path, "auth.db"))));
  t.teardown(async () => {
    await store.close();
    await dir.remove();
  });
  const access = createAuthService({ store, allowSatellite: () => true, endpoint: "http://s3.example" });
  return { access, admin: createRecordsAdmin(store) };
}

function clientOf(t: ExecutionContext, endpoint: string, keys: { accessKeyId: string; secretKey: string }): S3Client {
  const config: S3ClientConfig = {
    endpoint,
    region: "us-east-1",
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: keys.accessKeyId, secretAccessKey: keys.secretKey },
  };
  const client = new S3Client(config);
  t.teardown(() => client.destroy());
  return client;
}

for (const [how, end] of [
  ["invalidated", (admin: ReturnType<typeof createRecordsAdmin>, id: string) => admin.invalidate(id, "leaked")],
  ["deleted", (admin: ReturnType<typeof createRecordsAdmin>, id: string) => admin.delete(id)],
] as const) {
  test(`a key that was ${how} is used no longer than it is remembered, however often it is asked for`, async (t) => {
    const { access, admin } = await authLab(t);
    const { accessKeyId } = await access.register({ accessGrant: testGrant(), public: false });
    let now = 1_000_000;
    const lookUp = createAccessCache((id) => access.resolve(id), { entries: 10, ms: 60_000, now: () => now });
    await lookUp(accessKeyId);
    t.is(await end(admin, accessKeyId), 1);
    for (let i = 0; i < 59; i++) {
      now += 1000;
      await lookUp(accessKeyId);
    }
    now += 1000;
    await t.throwsAsync(lookUp(accessKeyId), { message: /does not exist/ });
    await t.throwsAsync(lookUp(accessKeyId), { message: /does not exist/ });
  });

  test(`a key that was ${how} ends at the frontend, though its project is open and in use`, async (t) => {
    const { access, admin } = await authLab(t);
    const memory = createMemoryProject();
    await memory.createBucket("bucket");
    const info = await memory.putObject("bucket", "k", [Buffer.from("text")]);
    let release = (): void => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const project = {
      ...memory,
      async getObject(...args: Parameters<typeof memory.getObject>) {
        if (args[1] !== "held") return memory.getObject(...args);
        async function* body() {
          yield Buffer.from("te");
          await held;
          yield Buffer.from("xt");
        }
        return { info, offset: 0, length: 4, body: body(), close: () => {} };
      },
    };
    const server = await startS3TestServer({ accessCacheMs: 200 }, { project, access });
    t.teardown(() => server.stop());
    const keys = await access.register({ accessGrant: testGrant(), public: false });
    const other = await access.register({ accessGrant: testGrant(), public: false });
    const client = clientOf(t, server.url, keys);
    const head = () => client.send(new HeadObjectCommand({ Bucket: "bucket", Key: "k" }));
    const long = await client.send(new GetObjectCommand({ Bucket: "bucket", Key: "held" }));
    await head();

    await end(admin, keys.accessKeyId);
    await until(async () =>
      head().then(
        () => false,
        ({ $metadata }) => $metadata.httpStatusCode === 403,
      ),
    );
    const refused = client.send(new GetObjectCommand({ Bucket: "bucket", Key: "k" }));
    await t.throwsAsync(refused, { name: "InvalidAccessKeyId" });
    release();
    t.is(await long.Body!.transformToString(), "text", "what had begun goes on");
    await t.throwsAsync(head());
    const others = await clientOf(t, server.url, other).send(new GetObjectCommand({ Bucket: "bucket", Key: "k" }));
    t.is(await others.Body!.transformToString(), "text");
  });
}

test("a grant revoked at the satellite is refused at once, while its key is remembered", async (t) => {
  const lab = await projectLab(t);
  const { access } = await authLab(t);
  const server = await startS3TestServer({}, { openProject: (grant) => lab.openGrant(grant), access });
  t.teardown(() => server.stop());
  await lab.project.createBucket("bucket");
  for (const key of ["inline", "remote"]) {
    await lab.project.putObject("bucket", key, [Buffer.alloc(key === "inline" ? 10 : 20_000, "x")]);
  }
  const everything = {
    ...{ allowDownload: true, allowUpload: true, allowList: true, allowDelete: true },
    notAfter: new Date(Date.now() + 3_600_000),
  };
  const shared = serializeGrant(shareGrant(parseGrant(lab.grant), everything, []));
  const keys = await access.register({ accessGrant: shared, public: false });
  const client = clientOf(t, server.url, keys);
  const get = async (Key: string) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: "bucket", Key }));
    return (await Body!.transformToByteArray()).length;
  };
  t.deepEqual([await get("inline"), await get("remote")], [10, 20_000]);
  // What it lets everybody read, others read with a grant made of this one.
  const Statement = { Effect: "Allow", Principal: "*", Action: "s3:GetObject", Resource: "arn:aws:s3:::bucket/*" };
  await client.send(new PutBucketPolicyCommand({ Bucket: "bucket", Policy: JSON.stringify({ Statement }) }));
  const open = async () => (await fetch(`${server.url}/bucket/remote`)).status;
  t.is(await open(), 200);

  await lab.project.revokeAccess(shared);
  for (const key of ["inline", "remote"]) await t.throwsAsync(get(key), { name: "AccessDenied" }, key);
  t.is(await open(), 403);
  const owner = clientOf(t, server.url, await access.register({ accessGrant: lab.grant, public: false }));
  await owner.send(new HeadObjectCommand({ Bucket: "bucket", Key: "remote" }));
});
