import { X509Certificate } from "node:crypto";
import { rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import test, { type ExecutionContext } from "ava";
import { type CertificatesOptions, openCertificates } from "../../../core/rpc/certificates.js";
import { tempDir } from "../../helpers/temp-dir.js";
import { until } from "../../helpers/until.js";
import { webCertificate } from "../../helpers/web-certificate.js";

async function opened(t: ExecutionContext, hosts: readonly string[], options: CertificatesOptions = { pollMs: 0 }) {
  const dir = await tempDir();
  t.teardown(dir.remove);
  const files = hosts.map((host) => ({
    certFile: join(dir.path, `${host}.pem`),
    keyFile: join(dir.path, `${host}.key`),
  }));
  const write = async (i: number, pair: { cert: string; key: string }) => {
    await writeFile(files[i]!.certFile, pair.cert);
    await writeFile(files[i]!.keyFile, pair.key);
  };
  for (const [i, host] of hosts.entries()) await write(i, webCertificate(host));
  const problems: string[] = [];
  const certificates = await openCertificates(files, {
    onProblem: ({ message }) => problems.push(message),
    ...options,
  });
  t.teardown(() => certificates.close());
  return { certificates, files, write, problems };
}

const fingerprint = (pem: string | Buffer) => new X509Certificate(pem).fingerprint256;

test("new files are taken, and listeners hear of it", async (t) => {
  const { certificates, write, problems } = await opened(t, ["a.example"]);
  let changes = 0;
  const ignore = certificates.onChange(() => changes++);
  t.false(await certificates.refresh(), "nothing has changed");
  const next = webCertificate("a.example");
  await write(0, next);
  t.true(await certificates.refresh());
  t.is(fingerprint(certificates.fallback.cert), fingerprint(next.cert));
  ignore();
  await write(0, webCertificate("a.example"));
  t.true(await certificates.refresh());
  t.is(changes, 1);
  t.deepEqual(problems, []);
});

test("files that are no good leave the old certificate, and are told of once", async (t) => {
  const { certificates, files, write, problems } = await opened(t, ["a.example"]);
  const before = fingerprint(certificates.fallback.cert);
  const other = webCertificate("a.example");
  await writeFile(files[0]!.certFile, other.cert);
  t.false(await certificates.refresh());
  t.false(await certificates.refresh());
  t.regex(problems[0]!, /do not belong together$/);
  await writeFile(files[0]!.certFile, "nonsense");
  t.false(await certificates.refresh());
  t.regex(problems[1]!, /can not be used$/);
  await rm(files[0]!.certFile);
  t.false(await certificates.refresh());
  t.regex(problems[2]!, /can not be read$/);
  t.is(problems.length, 3);
  t.is(fingerprint(certificates.fallback.cert), before);
  for (const problem of problems) t.false(problem.includes("PRIVATE KEY"));
  await write(0, other);
  t.true(await certificates.refresh());
  t.is(fingerprint(certificates.fallback.cert), fingerprint(other.cert));
});

test("a link that is turned to other files is a change", async (t) => {
  const { certificates, files } = await opened(t, ["a.example"]);
  const { certFile, keyFile } = files[0]!;
  const next = webCertificate("a.example");
  for (const [file, text] of [
    [certFile, next.cert],
    [keyFile, next.key],
  ] as const) {
    await writeFile(`${file}.2`, text);
    await rm(file);
    await symlink(`${file}.2`, file);
  }
  t.true(await certificates.refresh());
  t.is(fingerprint(certificates.fallback.cert), fingerprint(next.cert));
});

test("files are looked at again by themselves", async (t) => {
  const { certificates, write } = await opened(t, ["a.example"], { pollMs: 1 });
  const next = webCertificate("a.example");
  await write(0, next);
  await until(() => fingerprint(certificates.fallback.cert) === fingerprint(next.cert));
  t.pass();
});

test("names choose the certificate, wildcards too, and the first is for all others", async (t) => {
  const { certificates } = await opened(t, ["a.example", "*.b.example"]);
  const [first, wild] = [certificates.contextFor("a.example"), certificates.contextFor("x.b.example")];
  t.not(first, wild);
  t.is(certificates.contextFor("A.EXAMPLE"), first);
  for (const name of [undefined, "", "c.example", "x.y.b.example"]) t.is(certificates.contextFor(name), first);
});

test("what can not be loaded at first fails the start", async (t) => {
  await t.throwsAsync(openCertificates([]), { code: "invalid-argument" });
  const missing = { certFile: "/no/such/cert", keyFile: "/no/such/key" };
  await t.throwsAsync(openCertificates([missing]), {
    code: "invalid-argument",
    message: /no\/such\/cert can not be read/,
  });
});
