import { appendFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { hashesOf, writeTree } from "../helpers/file-tree.js";
import { mustRun } from "../helpers/run-program.js";
import { clientTest, MiB } from "./round.js";

const program = ["restic", "version"] as const;

clientTest({ title: "restic backs up, checks, forgets, prunes and restores", program }, async (t, { ready, dir }) => {
  const env = {
    AWS_ACCESS_KEY_ID: ready.accessKeyId,
    AWS_SECRET_ACCESS_KEY: ready.secretKey,
    RESTIC_REPOSITORY: `s3:${ready.s3}/restic-round/repository`,
    RESTIC_PASSWORD: "a password",
    RESTIC_CACHE_DIR: join(dir, "cache"),
  };
  const restic = async (...args: string[]) => (await mustRun("restic", args, { env, cwd: dir })).stdout;
  const snapshots = async () => JSON.parse(await restic("snapshots", "--json")) as { id: string }[];

  // It makes the bucket, too.
  await restic("init");
  const tree = join(dir, "tree");
  await writeTree(tree, { a: 0, b: 5000, "sub/large": 20 * MiB, "sub/ключ": 100_000, gone: 3 * MiB });
  const before = await hashesOf(tree);
  await restic("backup", "tree");
  await rm(join(tree, "gone"));
  await appendFile(join(tree, "sub/large"), "more");
  await restic("backup", "tree");
  const [first, second, ...others] = await snapshots();
  t.deepEqual(others, []);
  t.regex(await restic("ls", "latest"), /sub\/ключ\n/);
  t.regex(await restic("diff", first!.id, second!.id), /-\s+\/tree\/gone/);
  t.regex(await restic("check", "--read-data"), /no errors were found/);
  await restic("restore", first!.id, "--target", "first");
  t.deepEqual(await hashesOf(join(dir, "first/tree")), before);

  await restic("forget", "--keep-last", "1", "--prune");
  t.deepEqual(
    (await snapshots()).map(({ id }) => id),
    [second!.id],
  );
  t.regex(await restic("check", "--read-data"), /no errors were found/);
  // As on another machine: nothing of it is in the cache.
  await rm(env.RESTIC_CACHE_DIR, { recursive: true, force: true });
  await restic("restore", "latest", "--target", "second");
  t.deepEqual(await hashesOf(join(dir, "second/tree")), await hashesOf(tree));
  t.is(await restic("list", "locks"), "", "no lock is left");
});
