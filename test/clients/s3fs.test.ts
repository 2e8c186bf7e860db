import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { accessSync, constants, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { mustRun, runProgram } from "../helpers/run-program.js";
import { until } from "../helpers/until.js";
import { clientTest, MiB } from "./round.js";

const title = "s3fs mounts a bucket, writes, reads, renames, lists and unmounts";

clientTest({ title, program: ["s3fs", "--version"], unfit: noMounts() }, async (t, { ready, dir }) => {
  const Bucket = "s3fs-round";
  const credentials = { accessKeyId: ready.accessKeyId, secretAccessKey: ready.secretKey };
  const client = new S3Client({ endpoint: ready.s3, region: "us-east-1", credentials });
  t.teardown(() => client.destroy());
  await client.send(new CreateBucketCommand({ Bucket }));
  await writeFile(join(dir, "passwd"), `${ready.accessKeyId}:${ready.secretKey}\n`, { mode: 0o600 });
  const mountPoint = join(dir, "mnt");
  await mkdir(mountPoint);

  const options = [`url=${ready.s3}`, "use_path_request_style", `passwd_file=${join(dir, "passwd")}`];
  const mount = async () => {
    const args = [Bucket, mountPoint, "-f", ...options.flatMap((option) => ["-o", option])];
    const child = spawn("s3fs", args, { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (said += chunk.toString()));
    const exited = once(child, "exit");
    await until(() => {
      if (child.exitCode !== null) throw new Error(`s3fs exited with ${child.exitCode}: ${said}`);
      return isMounted(mountPoint);
    }, 30_000);
    return {
      async leave() {
        await unmount(mountPoint);
        await exited;
      },
      /** However it is, nothing of it stays. */
      async end() {
        if (isMounted(mountPoint)) await runProgram("umount", ["-l", mountPoint]);
        child.kill("SIGKILL");
        await exited;
      },
    };
  };
  /** In a shell with a time limit: a mount that hangs must not hang this process. */
  const sh = async (script: string) => (await mustRun("bash", ["-euc", script], { cwd: mountPoint })).stdout;
  const textOf = async (Key: string) =>
    await (await client.send(new GetObjectCommand({ Bucket, Key }))).Body!.transformToString();

  let mounted = await mount();
  t.teardown(() => mounted.end());
  await sh(`echo hello > hello.txt; echo again >> hello.txt; mkdir -p sub/deep; echo x > 'sub/deep/ключ a'`);
  t.is(await sh("cat hello.txt"), "hello\nagain\n");
  t.is(await textOf("hello.txt"), "hello\nagain\n");
  // Above 20 MB it sends parts, and renames by copying parts.
  const large = join(dir, "large");
  await sh(`head -c ${25 * MiB} /dev/urandom > ${large}; cp ${large} sub/large; cmp ${large} sub/large`);
  await sh("mv sub/large sub/renamed; mv hello.txt sub/hello; mv sub/deep sub/moved; ln -s sub/hello link");
  t.is(await sh("find . -type f | LC_ALL=C sort"), "./sub/hello\n./sub/moved/ключ a\n./sub/renamed\n");
  await sh("chmod 600 sub/hello; touch -d 2021-01-02T03:04:05Z sub/hello; truncate -s 3 'sub/moved/ключ a'");

  await mounted.leave();
  t.false(isMounted(mountPoint));
  mounted = await mount();
  t.is(await sh("stat -c '%a %Y' sub/hello; cat link; readlink link"), "600 1609556645\nhello\nagain\nsub/hello\n");
  t.is(await sh("stat -c %s 'sub/moved/ключ a'; ls sub"), "3\nhello\nmoved\nrenamed\n");
  await sh(`cmp ${large} sub/renamed`);
  // A write in the middle of a large object sends only the parts that it changes.
  await sh(`printf changed | dd of=sub/renamed bs=1 seek=1000 conv=notrunc status=none; sync`);
  await sh(`printf changed | dd of=${large} bs=1 seek=1000 conv=notrunc status=none; cmp ${large} sub/renamed`);
  await sh("rm -r sub link");
  t.is((await client.send(new ListObjectsV2Command({ Bucket }))).KeyCount, 0);
  await mounted.leave();
  t.false(isMounted(mountPoint));
});

function isMounted(path: string): boolean {
  return readFileSync("/proc/mounts", "utf8").includes(` ${path} `);
}

async function unmount(path: string): Promise<void> {
  await mustRun(process.getuid?.() === 0 ? "umount" : "fusermount", [
    ...(process.getuid?.() === 0 ? [] : ["-u"]),
    path,
  ]);
}

/** Why nothing can be mounted here: containers often may not. */
function noMounts(): string | undefined {
  try {
    accessSync("/dev/fuse", constants.R_OK | constants.W_OK);
  } catch {
    return "there is no /dev/fuse";
  }
  if (process.getuid?.() !== 0) return undefined;
  const dir = mkdtempSync(join(tmpdir(), "postern-mount-"));
  try {
    mkdirSync(join(dir, "m"));
    if (spawnSync("mount", ["-t", "tmpfs", "none", join(dir, "m")], { stdio: "ignore" }).status !== 0) {
      return "this machine does not let mount";
    }
    spawnSync("umount", [join(dir, "m")]);
    return undefined;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}
