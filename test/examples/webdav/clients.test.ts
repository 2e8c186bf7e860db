import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import test, { type ExecutionContext } from "ava";
import { basicAuth } from "../../helpers/basic-auth.js";
import { randomFile } from "../../helpers/files.js";
import { repositoryRoot } from "../../helpers/root.js";
import { hasProgram, mustRun, runProgram } from "../../helpers/run-program.js";
import { startTempServer } from "../../helpers/server.js";
import { tempDir } from "../../helpers/temp-dir.js";

const plugin = join(repositoryRoot, "dist/examples/webdav/index.js");

let server: Awaited<ReturnType<typeof startTempServer>>;
test.before(async () => {
  server = await startTempServer(["--frontend", plugin]);
});
test.after.always(async () => {
  await server?.close();
});

/** CI installs the clients, so there a missing one is a failure and not a skip. */
function client(name: string, round: (t: ExecutionContext) => Promise<void>): void {
  const present = hasProgram("sh", ["-c", `command -v ${name}`]) || process.env["CI"] !== undefined;
  const title = `${name}: a round on the embedded network`;
  if (present) test.serial(title, round);
  else test.skip(title, round);
}

client("rclone", async (t) => {
  t.timeout(240_000);
  const dir = await tempDir();
  t.teardown(dir.remove);
  const { ready } = server;
  const config = join(dir.path, "rclone.conf");
  const { stdout: password } = await mustRun("rclone", ["obscure", ready.secretKey]);
  const settings = ["[dav]", "type = webdav", `url = ${ready.frontends["webdav"]!["http"]}`, "vendor = other"];
  await writeFile(config, [...settings, `user = ${ready.accessKeyId}`, `pass = ${password.trim()}`, ""].join("\n"));
  const rclone = (...args: string[]) => mustRun("rclone", ["--config", config, ...args], { cwd: dir.path });

  await mkdir(join(dir.path, "tree/deep/er"), { recursive: true });
  const files = { "tree/a b.txt": 10, "tree/empty": 0, "tree/deep/er/ä&<>.bin": 5_000_000, "tree/deep/c": 70_000 };
  for (const [name, size] of Object.entries(files)) await randomFile(join(dir.path, name), size);

  await rclone("mkdir", "dav:rclone-dav");
  await rclone("copy", "tree", "dav:rclone-dav/t");
  await rclone("check", "--download", "tree", "dav:rclone-dav/t");
  await rclone("moveto", "dav:rclone-dav/t/deep/c", "dav:rclone-dav/t/deep/moved");
  await rclone("copyto", "dav:rclone-dav/t/a b.txt", "dav:rclone-dav/t/copied");
  await rclone("copy", "dav:rclone-dav/t", "back");
  t.deepEqual(await readFile(join(dir.path, "back/deep/moved")), await readFile(join(dir.path, "tree/deep/c")));
  t.deepEqual(await readFile(join(dir.path, "back/copied")), await readFile(join(dir.path, "tree/a b.txt")));

  // The same objects through S3.
  const s3 = new S3Client({
    endpoint: ready.s3,
    region: "us-east-1",
    forcePathStyle: true,
    credentials: { accessKeyId: ready.accessKeyId, secretAccessKey: ready.secretKey },
  });
  t.teardown(() => s3.destroy());
  const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: "rclone-dav" }));
  const keys = Contents!.map(({ Key }) => Key!).filter((key) => !key.endsWith("/"));
  t.deepEqual(keys, ["t/a b.txt", "t/copied", "t/deep/er/ä&<>.bin", "t/deep/moved", "t/empty"]);
  const read = await s3.send(new GetObjectCommand({ Bucket: "rclone-dav", Key: "t/deep/er/ä&<>.bin" }));
  const bytes = await readFile(join(dir.path, "tree/deep/er/ä&<>.bin"));
  t.true(bytes.equals(await read.Body!.transformToByteArray()));

  // And in the browser, by a link that needs no credentials.
  const registered = (await (
    await fetch(`${ready.authHttp}/v1/access`, {
      method: "POST",
      body: JSON.stringify({ access_grant: ready.accessGrant, public: true }),
    })
  ).json()) as { access_key_id: string };
  const links = ready.frontends["linkshare"]!["http"];
  const raw = await fetch(`${links}/raw/${registered.access_key_id}/rclone-dav/t/deep/moved`);
  t.is(raw.status, 200);
  t.true(Buffer.from(await raw.arrayBuffer()).equals(await readFile(join(dir.path, "tree/deep/c"))));
  const folder = await fetch(`${links}/s/${registered.access_key_id}/rclone-dav/t/`);
  t.regex(await folder.text(), /copied/);

  await rclone("purge", "dav:rclone-dav");
  t.notRegex((await rclone("lsd", "dav:")).stdout, /rclone-dav/);
});

client("cadaver", async (t) => {
  t.timeout(120_000);
  const dir = await tempDir();
  t.teardown(dir.remove);
  const { ready } = server;
  const { hostname } = new URL(ready.frontends["webdav"]!["http"]!);
  const netrc = `machine ${hostname} login ${ready.accessKeyId} password ${ready.secretKey}\n`;
  await writeFile(join(dir.path, ".netrc"), netrc, { mode: 0o600 });
  await randomFile(join(dir.path, "up"), 100_000);
  const commands = [
    "mkcol cadaver-dav",
    "cd cadaver-dav",
    "mkcol folder",
    "put up folder/up",
    "lock folder/up",
    "discover folder/up",
    "propset folder/up colour blue",
    "propget folder/up colour",
    "put up folder/up",
    "unlock folder/up",
    "copy folder other",
    "move other/up third",
    "ls folder",
    "get third down",
    "delete third",
    "rmcol folder",
    "ls",
    "quit",
  ];
  const { stdout } = await runProgram("cadaver", [`${ready.frontends["webdav"]!["http"]}/`], {
    cwd: dir.path,
    env: { HOME: dir.path },
    input: `${commands.join("\n")}\n`,
    timeoutMs: 90_000,
  });
  t.notRegex(stdout, /failed|could not/i, stdout);
  t.regex(stdout, /colour.*blue/s);
  t.deepEqual(await readFile(join(dir.path, "down")), await readFile(join(dir.path, "up")));
});

client("litmus", async (t) => {
  t.timeout(240_000);
  const dir = await tempDir();
  t.teardown(dir.remove);
  const { ready } = server;
  const url = `${ready.frontends["webdav"]!["http"]}/litmus-dav/`;
  const authorization = basicAuth(ready);
  t.is((await fetch(url, { method: "MKCOL", headers: { authorization } })).status, 201);
  const { stdout } = await runProgram("litmus", ["-k", url, ready.accessKeyId, ready.secretKey], {
    cwd: dir.path,
    timeoutMs: 220_000,
  });
  const summaries = [...stdout.matchAll(/summary for `(\w+)': of (\d+) tests run: (\d+) passed/g)];
  t.deepEqual(
    summaries.map(([, name]) => name),
    ["basic", "copymove", "props", "locks", "http"],
    stdout,
  );
  for (const [line, , run, passed] of summaries) t.is(passed, run, `${line}\n${stdout}`);
});
