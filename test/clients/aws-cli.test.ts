import { readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { hashesOf, writeTree } from "../helpers/file-tree.js";
import { randomFile, sha256OfFile } from "../helpers/files.js";
import { mustRun, runProgram } from "../helpers/run-program.js";
import { awsEnvironment, type ClientRound, clientTest, MiB, usualSizes } from "./round.js";

const program = ["aws", "--version"] as const;

function awsOf({ ready, dir }: ClientRound) {
  const env = awsEnvironment(ready);
  const all = (args: readonly string[]) => ["--endpoint-url", ready.s3, ...args];
  return {
    aws: async (...args: string[]) => (await mustRun("aws", all(args), { env, cwd: dir })).stdout,
    fed: (input: string, ...args: string[]) => mustRun("aws", all(args), { env, cwd: dir, input }),
    failing: (...args: string[]) => runProgram("aws", all(args), { env, cwd: dir }),
  };
}

clientTest({ title: "aws-cli copies files up and down", program }, async (t, round) => {
  const { aws, failing } = awsOf(round);
  const { dir } = round;
  const sizes = [...usualSizes, 200 * MiB];
  await aws("s3", "mb", "s3://aws-cli");
  for (const size of sizes) {
    const sha256 = await randomFile(join(dir, "up"), size);
    await aws("s3", "cp", "--no-progress", "up", `s3://aws-cli/files/${size}`);
    await aws("s3", "cp", "--no-progress", `s3://aws-cli/files/${size}`, "down");
    t.is((await stat(join(dir, "down"))).size, size);
    t.is(await sha256OfFile(join(dir, "down")), sha256, `${size} bytes`);
  }
  const listed = await aws("s3", "ls", "--recursive", "s3://aws-cli");
  const found = listed
    .trim()
    .split("\n")
    .map((line) => line.split(/\s+/).slice(2).join(" "));
  t.deepEqual(found.sort(), sizes.map((size) => `${size} files/${size}`).sort());
  t.is((await aws("s3", "ls", "s3://aws-cli")).trim(), "PRE files/");

  const largest = Math.max(...sizes);
  const where = ["--bucket", "aws-cli", "--key", `files/${largest}`];
  const range = await aws("s3api", "get-object", ...where, "--range", "bytes=1000-66999", "part");
  t.is(JSON.parse(range).ContentRange, `bytes 1000-66999/${largest}`);
  t.is((await stat(join(dir, "part"))).size, 66_000);

  const notEmpty = await failing("s3", "rb", "s3://aws-cli");
  t.not(notEmpty.code, 0);
  t.regex(notEmpty.stderr, /BucketNotEmpty/);
  await aws("s3", "rb", "--force", "s3://aws-cli");
  t.false((await aws("s3", "ls")).includes("aws-cli"));
});

clientTest({ title: "aws-cli syncs, moves, pipes, presigns and removes", program }, async (t, round) => {
  const { aws, fed } = awsOf(round);
  const { dir } = round;
  const tree = join(dir, "tree");
  const hashes = await writeTree(tree, { a: 1000, "sub/ключ & b+c": 5000, "sub/deep/d": 0, large: 9 * MiB });
  await aws("s3", "mb", "s3://aws-sync");
  t.is((await aws("s3", "sync", "--no-progress", "tree", "s3://aws-sync/t")).match(/^upload: /gm)?.length, 4);
  t.is(await aws("s3", "sync", "tree", "s3://aws-sync/t"), "", "nothing is new");
  await rm(join(tree, "a"));
  await writeFile(join(tree, "sub/deep/d"), "changed");
  const changes = await aws("s3", "sync", "--no-progress", "--delete", "tree", "s3://aws-sync/t");
  t.deepEqual(changes.match(/^\w+: /gm)?.sort(), ["delete: ", "upload: "]);
  await aws("s3", "sync", "--no-progress", "s3://aws-sync/t", "s3://aws-sync/copy");
  await aws("s3", "sync", "--no-progress", "s3://aws-sync/copy", "back");
  t.deepEqual(await hashesOf(join(dir, "back")), await hashesOf(tree));

  await aws("s3", "mv", "--no-progress", "s3://aws-sync/copy/large", "s3://aws-sync/moved");
  await aws("s3", "mv", "--no-progress", "s3://aws-sync/moved", "moved");
  t.is(await sha256OfFile(join(dir, "moved")), hashes["large"]!);
  await fed("from a pipe", "s3", "cp", "-", "s3://aws-sync/pipe", "--metadata", "colour=blue");
  t.is(await aws("s3", "cp", "s3://aws-sync/pipe", "-"), "from a pipe");
  const head = JSON.parse(await aws("s3api", "head-object", "--bucket", "aws-sync", "--key", "pipe"));
  t.deepEqual(head.Metadata, { colour: "blue" });
  const url = (await aws("s3", "presign", "s3://aws-sync/t/large")).trim();
  const reply = await fetch(url);
  t.is(reply.status, 200);
  t.true((await readFile(join(tree, "large"))).equals(Buffer.from(await reply.arrayBuffer())));
  t.is((await fetch(url.replace("large", "sub/deep/d"))).status, 403);
  t.is((await aws("s3", "rm", "--recursive", "s3://aws-sync/t")).match(/^delete: /gm)?.length, 3);
  await aws("s3", "rm", "--recursive", "s3://aws-sync", "--exclude", "*", "--include", "copy/*");
  t.regex(await aws("s3", "ls", "--recursive", "s3://aws-sync"), /^\S+ \S+ +11 pipe\n$/);
});
