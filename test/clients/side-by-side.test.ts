import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DeleteObjectCommand, DeleteObjectsCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { peakMemoryMiB } from "../helpers/peak-memory.js";
import { rcloneOf } from "./rclone-remote.js";
import { clientTest } from "./round.js";

const title = "rclone copies and syncs while another client deletes: nothing is lost, memory is bounded";
const Bucket = "side-by-side";
const files = 200;
const name = (i: number): string => `${i % 10}/f${i}`;

/** Small files, some of them below and some above what satellites keep inline. */
async function tree(root: string, numbers: readonly number[], generation: string): Promise<void> {
  for (let i = 0; i < 10; i++) await mkdir(join(root, `${i}`), { recursive: true });
  for (const i of numbers) await writeFile(join(root, name(i)), `${generation} ${i} `.repeat(1 + ((i * 37) % 900)));
}

clientTest({ title, program: ["rclone", "version"] }, async (t, round) => {
  const { ready, dir } = round;
  const rclone = await rcloneOf(round);
  const client = new S3Client({
    endpoint: ready.s3,
    region: "us-east-1",
    credentials: { accessKeyId: ready.accessKeyId, secretAccessKey: ready.secretKey },
  });
  t.teardown(() => client.destroy());
  const numbers = Array.from({ length: files }, (_, i) => i);
  const many = ["--transfers", "8", "--checkers", "8"];
  await Promise.all([
    tree(join(dir, "kept"), numbers, "kept"),
    tree(join(dir, "doomed"), numbers, "doomed"),
    tree(join(dir, "synced"), numbers, "before"),
  ]);
  await rclone("mkdir", `postern:${Bucket}`);
  await rclone("copy", ...many, "doomed", `postern:${Bucket}/doomed`);
  await rclone("sync", ...many, "synced", `postern:${Bucket}/synced`);

  // A quarter of the synced files goes, a quarter changes, a quarter is new.
  const gone = numbers.filter((i) => i % 4 === 0);
  for (const i of gone) await rm(join(dir, "synced", name(i)));
  const changed = numbers.filter((i) => i % 4 === 1).flatMap((i) => [i, i + files]);
  await tree(join(dir, "synced"), changed, "after!");

  let working = true;
  const seen = new Set<string>();
  const lost: string[] = [];
  /** What a listing has shown of files that nobody deletes, each later one must show, in order and once. */
  const list = async (): Promise<number> => {
    let rounds = 0;
    for (; working; rounds++) {
      const keys: string[] = [];
      let ContinuationToken: string | undefined;
      do {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket, Prefix: "kept/", MaxKeys: 30, ContinuationToken }),
        );
        for (const { Key } of page.Contents ?? []) keys.push(Key!);
        ContinuationToken = page.NextContinuationToken;
      } while (ContinuationToken !== undefined);
      t.deepEqual(keys, [...new Set(keys)].sort());
      lost.push(...[...seen].filter((key) => !keys.includes(key)));
      for (const key of keys) seen.add(key);
    }
    return rounds;
  };
  const remove = async (): Promise<void> => {
    const doomed = numbers.map((i) => `doomed/${name(i)}`);
    for (let at = 0; at < files / 2; at += 20) {
      const Objects = doomed.slice(at, at + 20).map((Key) => ({ Key }));
      const { Errors } = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
      t.is(Errors, undefined);
    }
    // One by one, and what the sync deletes, too.
    const single = [...doomed.slice(files / 2), ...gone.map((i) => `synced/${name(i)}`)];
    await Promise.all(single.map((Key) => client.send(new DeleteObjectCommand({ Bucket, Key }))));
  };
  const work = Promise.all([
    rclone("copy", ...many, "kept", `postern:${Bucket}/kept`),
    rclone("sync", ...many, "synced", `postern:${Bucket}/synced`),
    remove(),
  ]).finally(() => {
    working = false;
  });
  const [rounds] = await Promise.all([list(), work]);

  t.deepEqual(lost, []);
  await rclone("check", ...many, "--download", "kept", `postern:${Bucket}/kept`);
  await rclone("check", ...many, "--download", "synced", `postern:${Bucket}/synced`);
  const left = JSON.parse((await rclone("lsjson", "-R", "--files-only", `postern:${Bucket}/doomed`)).stdout);
  t.deepEqual(left, []);
  t.is(JSON.parse((await rclone("size", "--json", `postern:${Bucket}`)).stdout).count, files + 200);

  const [gateway, network] = [ready.pids.gateway, ready.pids.network!].map(peakMemoryMiB);
  t.log(`peak resident size: gateway ${gateway} MiB, network ${network} MiB; ${rounds} listings meanwhile`);
  if (gateway !== undefined) t.true(gateway < 600, `${gateway} MiB`);
  await rclone("purge", `postern:${Bucket}`);
});
