import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { Agent } from "node:https";
import { join } from "node:path";
import { connect } from "node:tls";
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import test, { type ExecutionContext } from "ava";
import { parseAddress } from "../../core/rpc/tcp.js";
import { repositoryRoot } from "../helpers/root.js";
import { hasProgram, mustRun, runProgram } from "../helpers/run-program.js";
import { startServer } from "../helpers/server.js";
import { tempDir } from "../helpers/temp-dir.js";
import { until } from "../helpers/until.js";
import { webCertificate } from "../helpers/web-certificate.js";

const entry = join(repositoryRoot, "dist", "bin", "postern.js");

async function shown(url: string): Promise<string> {
  const socket = connect({ ...parseAddress(url.replace("https://", "")), rejectUnauthorized: false });
  await once(socket, "secureConnect");
  const { fingerprint256 } = socket.getPeerX509Certificate()!;
  socket.destroy();
  return fingerprint256;
}

/** A server with a certificate of its own, all of whose log is kept. */
async function started(t: ExecutionContext) {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const [certFile, keyFile] = [join(dir.path, "cert.pem"), join(dir.path, "key.pem")];
  const first = webCertificate();
  await writeFile(certFile, first.cert);
  await writeFile(keyFile, first.key);
  const output: Buffer[] = [];
  const server = await startServer({
    dataDir: join(dir.path, "data"),
    args: ["--tls-cert", certFile, "--tls-key", keyFile, "--endpoint", "https://s3.example", "--log-level", "info"],
    onOutput: (stream, chunk) => stream === "stderr" && output.push(chunk),
  });
  t.teardown(() => server.stop());
  return { dir, first, certFile, keyFile, output, server };
}

test("a server with certificates speaks TLS everywhere, and takes new ones while it runs", async (t) => {
  t.timeout(120_000);
  const { first, certFile, keyFile, output, server } = await started(t);
  const { ready } = server;
  t.regex(ready.s3, /^https:/);
  t.regex(ready.authHttp!, /^https:/);
  const agent = new Agent({ ca: first.cert, keepAlive: true, maxSockets: 1 });
  const client = new S3Client({
    endpoint: ready.s3.replace("127.0.0.1", "localhost"),
    region: "us-east-1",
    forcePathStyle: true,
    maxAttempts: 1,
    credentials: { accessKeyId: ready.accessKeyId, secretAccessKey: ready.secretKey },
    requestHandler: { httpsAgent: agent },
  });
  t.teardown(() => client.destroy());
  await client.send(new CreateBucketCommand({ Bucket: "tls" }));
  await client.send(new PutObjectCommand({ Bucket: "tls", Key: "a", Body: "over TLS" }));

  const second = webCertificate();
  await writeFile(certFile, second.cert);
  await writeFile(keyFile, second.key);
  process.kill(ready.pids.gateway, "SIGHUP");
  const fingerprint = new X509Certificate(second.cert).fingerprint256;
  for (const address of [ready.s3, ready.authHttp!, ready.authGrpc!, ready.authDrpc!]) {
    await until(async () => (await shown(address)) === fingerprint);
  }
  // On the connection that was there before: a new one would be refused.
  const read = await client.send(new GetObjectCommand({ Bucket: "tls", Key: "a" }));
  t.is(await read.Body!.transformToString(), "over TLS");

  await writeFile(certFile, "nonsense");
  process.kill(ready.pids.gateway, "SIGHUP");
  await until(() => Buffer.concat(output).includes("the old ones stay"));
  t.is(await shown(ready.s3), fingerprint);
  t.false(Buffer.concat(output).includes("PRIVATE KEY"));
});

const uplinkMissing = hasProgram("uplink", ["--help"]) ? undefined : "the uplink CLI is not installed";
const withUplink = uplinkMissing === undefined ? test : test.skip;

withUplink(
  `the uplink CLI registers over TLS with a CA file, and not without${uplinkMissing === undefined ? "" : ` (${uplinkMissing})`}`,
  async (t) => {
    t.timeout(120_000);
    const { dir, certFile, server } = await started(t);
    const { ready } = server;
    const configDir = join(dir.path, "uplink");
    await mkdir(configDir);
    await writeFile(join(configDir, "config.ini"), "[metrics]\naddr=\n");
    const { port } = parseAddress(ready.authDrpc!);
    const register = [
      ...["access", "register", ready.accessGrant, "--auth-service", `localhost:${port}`],
      ...["--format", "env", "--config-dir", configDir],
    ];
    const { stdout } = await mustRun("uplink", [...register, "--ca-cert", certFile]);
    const values = Object.fromEntries(
      [...stdout.matchAll(/(AWS_\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]),
    );
    t.is(values["AWS_ENDPOINT"], "https://s3.example");
    t.regex(values["AWS_ACCESS_KEY_ID"]!, /^j[u-x]/);
    const unknown = await runProgram("uplink", register);
    t.not(unknown.code, 0);
    t.regex(unknown.stderr, /certificate/);
  },
);

test("a key must come with each certificate", async (t) => {
  const { code, stderr } = await runProgram(process.execPath, [entry, "serve", "--tls-cert", "a.pem"]);
  t.is(code, 1);
  t.regex(stderr, /a key for each certificate/);
});
