import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import test from "ava";
import { authDeps } from "../helpers/auth-deps.js";
import { posternEntry as entry, runningCommand as running } from "../helpers/postern-command.js";
import { mustRun, runProgram } from "../helpers/run-program.js";
import { startServer } from "../helpers/server.js";
import { tempDir } from "../helpers/temp-dir.js";

const satellite = "12EayRS2V1kEsWESU9QMRseFhdxYxKicsiFmxrsLZHeLUtdps3S@127.0.0.1:7777";

test("the auth service alone registers, and its records are administered while it runs", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const { grant } = authDeps();
  const flags = ["--data-dir", dir.path];
  const { url, output } = await running(t, [
    ...["auth", "--ephemeral", ...flags, "--satellite", satellite, "--endpoint", "https://s3.example"],
    ...["--auth-token", "gateway-token", "--log-level", "debug"],
  ]);
  const registered = await fetch(`${url}/v1/access`, {
    method: "POST",
    body: JSON.stringify({ access_grant: grant, public: true }),
  });
  const issued = (await registered.json()) as { access_key_id: string; secret_key: string; endpoint: string };
  t.is(issued.endpoint, "https://s3.example");
  const lookUp = async () => {
    const headers = { Authorization: "Bearer gateway-token" };
    const reply = await fetch(`${url}/v1/access/${issued.access_key_id}`, { headers });
    return { status: reply.status, text: await reply.text() };
  };
  t.is((await lookUp()).status, 200);

  const records = async (...args: string[]) =>
    (await mustRun(process.execPath, [entry, "auth", "records", ...args, ...flags])).stdout;
  const shown = await records("show", issued.access_key_id);
  const [record] = JSON.parse(shown);
  t.like(record, { public: true, satelliteAddress: satellite });
  t.is(await records("unpublish", record.macaroonHead), "unpublished: 1\n");
  t.is(await records("invalidate", issued.access_key_id, "--reason", "leaked"), "invalidated: 1\n");
  t.deepEqual(await lookUp(), { status: 401, text: "invalid: leaked\n" });

  const kept = await Promise.all((await readdir(dir.path)).map((name) => readFile(join(dir.path, name), "latin1")));
  for (const secret of [grant, issued.access_key_id, issued.secret_key]) {
    t.false(`${output.text}${shown}${kept.join("")}`.includes(secret));
  }
  t.is(await records("delete", record.macaroonHead), "deleted: 1\n");
  t.deepEqual(JSON.parse(await records("show", record.macaroonHead)), []);
});

test("records of a folder that has none make no database there", async (t) => {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const args = [entry, "auth", "records", "show", "0".repeat(64), "--data-dir", dir.path];
  const { code, stderr } = await runProgram(process.execPath, args);
  t.is(code, 1);
  t.regex(stderr, /there is no credentials database/);
  t.deepEqual(await readdir(dir.path), []);
});

test("a gateway serves keys of an auth service elsewhere", async (t) => {
  const [serverDir, gatewayDir] = [await tempDir(), await tempDir()];
  t.teardown(serverDir.remove);
  t.teardown(gatewayDir.remove);
  const server = await startServer({ dataDir: serverDir.path });
  t.teardown(() => server.stop());
  const { ready } = server;
  const { url } = await running(t, [
    ...["gateway", "--auth-url", ready.authHttp!, "--auth-token", ready.authToken!],
    ...["--data-dir", gatewayDir.path, "--s3-port", "0"],
  ]);
  const client = (secretAccessKey: string) =>
    new S3Client({
      endpoint: url,
      region: "us-east-1",
      forcePathStyle: true,
      maxAttempts: 1,
      credentials: { accessKeyId: ready.accessKeyId, secretAccessKey },
    });
  const s3 = client(ready.secretKey);
  await s3.send(new CreateBucketCommand({ Bucket: "elsewhere" }));
  await s3.send(new PutObjectCommand({ Bucket: "elsewhere", Key: "a", Body: "hello" }));
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: "elsewhere", Key: "a" }));
  t.is(await Body!.transformToString(), "hello");
  await t.throwsAsync(client("wrong").send(new GetObjectCommand({ Bucket: "elsewhere", Key: "a" })), {
    name: "SignatureDoesNotMatch",
  });
});
