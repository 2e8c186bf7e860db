import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rename, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { join } from "node:path";
import test from "ava";
import type { RegionsReadyFile } from "../../bin/regions-file.js";
import { posternEntry } from "../helpers/postern-command.js";
import { ownPostgres } from "../helpers/postgres.js";
import { whyNoServer } from "../helpers/postgres-server.js";
import { tempDir } from "../helpers/temp-dir.js";
import { until } from "../helpers/until.js";
import { webCertificate } from "../helpers/web-certificate.js";

/** Status and body, or undefined where the certificate is not the one given. */
function get(url: string, ca: string, headers: Record<string, string> = {}): Promise<[number, string] | undefined> {
  return new Promise((resolve) => {
    const call = request(url, { ca, headers, agent: false }, async (reply) => {
      let text = "";
      for await (const chunk of reply) text += String(chunk);
      resolve([reply.statusCode!, text]);
    });
    call.on("error", () => resolve(undefined));
    call.end();
  });
}

const missing = whyNoServer();
if (missing !== undefined) test.skip(`regions with certificates (${missing})`, () => {});
else {
  test("regions speak TLS, and all their processes follow the certificates", async (t) => {
    t.timeout(180_000);
    const database = await ownPostgres(t);
    const dir = await tempDir();
    t.teardown(dir.remove);
    const [certFile, keyFile] = [join(dir.path, "cert.pem"), join(dir.path, "key.pem")];
    const [first, second] = [webCertificate(), webCertificate()];
    await writeFile(certFile, first.cert);
    await writeFile(keyFile, first.key);
    const flags = ["regions", "--count", "1", "--ephemeral", "--data-dir", dir.path];
    const child = spawn(process.execPath, [posternEntry, ...flags, "--tls-cert", certFile, "--tls-key", keyFile], {
      stdio: ["ignore", "pipe", "inherit"],
      env: { ...process.env, POSTERN_AUTH_DATABASE: database.url, NODE_EXTRA_CA_CERTS: certFile },
    });
    const exited = once(child, "exit");
    t.teardown(async () => {
      child.kill("SIGINT");
      await exited;
    });
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    await until(() => output.includes("regions are ready") || child.exitCode !== null);
    const ready = JSON.parse(await readFile(join(dir.path, "regions.json"), "utf8")) as RegionsReadyFile;
    const [region] = ready.regions;
    t.regex(region!.s3, /^https:\/\/localhost:/);
    t.deepEqual(await get(`${region!.authHttp}/v1/health/live`, first.cert), [200, ""]);
    // The gateway asks its auth service, over TLS too.
    const Authorization = "AWS juaacaqdaqcqmbyibefawdanbyhq:signature";
    const [status, text] = (await get(region!.s3, first.cert, { Authorization, Date: new Date().toUTCString() })) ?? [];
    t.is(status, 403);
    t.regex(text!, /<Code>InvalidAccessKeyId</);

    for (const [file, content] of [
      [keyFile, second.key],
      [certFile, second.cert],
    ] as const) {
      await writeFile(`${file}.new`, content);
      await rename(`${file}.new`, file);
    }
    child.kill("SIGHUP");
    for (const url of [`${region!.s3}/-/health`, `${region!.authHttp}/v1/health/live`]) {
      await until(async () => (await get(url, second.cert))?.[0] === 200);
    }
    t.is(child.exitCode, null);
  });
}
