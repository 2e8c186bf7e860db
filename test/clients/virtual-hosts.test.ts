import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomFile, sha256OfFile } from "../helpers/files.js";
import { mustRun } from "../helpers/run-program.js";
import { awsEnvironment, type ClientRound, clientTest, MiB } from "./round.js";

/**
 * Clients that are told to use virtual hosts. No DNS knows ours, so the server is their proxy, too, which also shows
 * requests with whole URLs in their first line (RFC 9112 section 3.2.2).
 */
const endpoint = "http://s3.example.com";
const args = ["--domain", "s3.example.org", "s3.example.com", "--bucket-host", "files.example.net"];
const proxied = ({ ready }: ClientRound) => ({
  http_proxy: ready.s3,
  HTTP_PROXY: ready.s3,
  no_proxy: "",
  NO_PROXY: "",
});

clientTest({ title: "aws-cli at virtual hosts", program: ["aws", "--version"], args }, async (t, round) => {
  const { dir, ready } = round;
  const config = join(dir, "config");
  await writeFile(config, "[default]\ns3 =\n  addressing_style = virtual\n");
  const env = { ...awsEnvironment(ready), ...proxied(round), AWS_CONFIG_FILE: config };
  const aws = async (...more: string[]) => {
    return (await mustRun("aws", ["--endpoint-url", endpoint, ...more], { env, cwd: dir })).stdout;
  };
  await aws("s3", "mb", "s3://by-name");
  const sha256 = await randomFile(join(dir, "up"), 9 * MiB);
  await aws("s3", "cp", "--no-progress", "up", "s3://by-name/a b/ü");
  await aws("s3", "cp", "--no-progress", "s3://by-name/a b/ü", "down");
  t.is(await sha256OfFile(join(dir, "down")), sha256);
  t.regex(await aws("s3", "ls", "s3://by-name/a b/"), / ü\n$/);
  // A name with dots is no host name for TLS, so clients put it into the path.
  await aws("s3", "mb", "s3://files.example.net");
  await aws("s3", "cp", "--no-progress", "up", "s3://files.example.net/k");
  const url = (await aws("s3", "presign", "s3://by-name/a b/ü")).trim();
  t.is(new URL(url).host, "by-name.s3.example.com");
  const { stdout } = await mustRun("curl", ["-sS", "-o", "got", "-w", "%{http_code}", url], { env, cwd: dir });
  t.is(stdout, "200");
  t.true((await readFile(join(dir, "got"))).equals(await readFile(join(dir, "up"))));
  await aws("s3", "rb", "--force", "s3://by-name");
});

clientTest({ title: "rclone at virtual hosts", program: ["rclone", "version"], args }, async (t, round) => {
  const { dir, ready } = round;
  const settings = [
    "[postern]",
    "type = s3",
    "provider = Other",
    "force_path_style = false",
    `endpoint = ${endpoint.replace(".com", ".org")}`,
    `access_key_id = ${ready.accessKeyId}`,
    `secret_access_key = ${ready.secretKey}`,
  ];
  await writeFile(join(dir, "rclone.conf"), `${settings.join("\n")}\n`);
  const env = { ...proxied(round), AWS_CA_BUNDLE: "" };
  const rclone = async (...more: string[]) => {
    const { stdout, stderr } = await mustRun("rclone", ["--config", "rclone.conf", ...more], { env, cwd: dir });
    return stdout + stderr;
  };
  await randomFile(join(dir, "tree"), 6 * MiB);
  await rclone("mkdir", "postern:by-label");
  const chunks = ["--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M"];
  t.regex(
    await rclone("copy", ...chunks, "--dump", "headers", "tree", "postern:by-label/t"),
    /Host: by-label\.s3\.example\.org/,
  );
  await rclone("check", "--download", "tree", "postern:by-label/t");
  await rclone("copyto", "postern:by-label/t/tree", "postern:by-label/copy");
  t.regex(await rclone("ls", "postern:by-label"), /6291456 copy\n +6291456 t\/tree\n/);
  await rclone("purge", "postern:by-label");
});
